// What is left when a server does nothing but verify the token, name the tenant and pass on one JSON text.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import pg from 'pg';
import { POOL_SIZE } from '../settings.mjs';
import { organizationOf } from '../lib/tokens.mjs';

const text = readFileSync(new URL('limit.sql', import.meta.url), 'utf8');
const pool = new pg.Pool({ connectionString: process.env.APP_URL, max: POOL_SIZE, options: '-c TimeZone=UTC', pipeline: true });

/** All three messages leave in one go; PostgreSQL answers them in order. */
async function read(org) {
  const client = await pool.connect();
  try {
    const [, { rows }] = await Promise.all([
      client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL app.org_id = '${org}'`),
      client.query({ name: 'deals', text }),
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
  return JSON.parse(body);
}

const server = createServer(async (request, response) => {
  try {
    const org = organizationOf(request);
    await bodyOf(request);
    const answer = Buffer.from(await read(org));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1');
