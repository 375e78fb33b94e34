// How PostgreSQL carries out each statement of each work, as the role of the server, into a file.
import { writeFileSync } from 'node:fs';
import { buildApp } from '../../dist/src/app.js';
import { openSnapshot } from '../../dist/src/db/snapshot.js';
import { pulseSettings } from './pulse-settings.mjs';
import { client } from './sales-measure.mjs';
import { makeWork } from './sales-work.mjs';

/** @param {{ app: string, signin: string }} urls */
export async function keepPlans(urls, who, file) {
  let noted = null;
  const carrier = (pool, orgId, log) => {
    const inner = openSnapshot(pool, orgId, log);
    const query = async (statement) => {
      if (noted) noted.push(await explained(inner, statement));
      return inner.query(statement);
    };
    return { query, close: inner.close };
  };
  const app = await buildApp({ ...pulseSettings(urls.app, urls.signin), carrier });
  try {
    const url = `${await app.http.listen({ port: 0, host: '127.0.0.1' })}/graphql`;
    const ask = await client(url, who);
    const parts = [];
    for (const { title, query, variables } of await makeWork(ask)) {
      await ask(query, variables[0]);
      noted = [];
      await ask(query, variables[0]);
      parts.push(`## ${title}`, ...noted);
      noted = null;
    }
    writeFileSync(file, `${parts.join('\n\n')}\n`);
    console.log(`Plans: ${file}`);
  } finally {
    await app.close();
  }
}

async function explained(snapshot, { text, values }) {
  const rows = await snapshot.query({ text: `EXPLAIN (ANALYZE, BUFFERS) ${text}`, values });
  return `${text.trim()}\n\n${rows.map((row) => row['QUERY PLAN']).join('\n')}`;
}
