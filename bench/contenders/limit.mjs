// What is left when a server does nothing but verify the token, name the tenant and pass on one JSON text.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import pg from 'pg';
import { POOL_SIZE } from '../settings.mjs';
import { callerOf } from '../lib/tokens.mjs';
import { works } from '../works/index.mjs';

const statements = new Map(
  works.map(({ name, limit }) => [
    name,
    { name, limit, text: readFileSync(new URL(`limit/${name}.sql`, import.meta.url), 'utf8') },
  ]),
);
const pool = new pg.Pool({ connectionString: process.env.APP_URL, max: POOL_SIZE, options: '-c TimeZone=UTC', pipeline: true });

/** All three messages leave in one go; PostgreSQL answers them in order. */
async function answerTo({ work, variables = {} }, { org, user }) {
  const { name, text, limit } = statements.get(work);
  const mode = work === 'move' ? 'READ WRITE' : 'ISOLATION LEVEL REPEATABLE READ READ ONLY';
  const client = await pool.connect();
  try {
    const [, { rows }] = await Promise.all([
      client.query(`BEGIN ${mode}; SET LOCAL app.org_id = '${org}'; SET LOCAL app.user_id = '${user}'`),
      client.query({ name, text, values: limit.map((parameter) => variables[parameter]) }),
      client.query('COMMIT'),
    ]);
    client.release();
    return rows[0].answer;
  } catch (error) {
    client.release(error);
    throw error;
  }
}

async function bodyOf(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return JSON.parse(body || '{}');
}

const server = createServer(async (request, response) => {
  try {
    const caller = callerOf(request);
    const answer = Buffer.from(await answerTo(await bodyOf(request), caller));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1');
