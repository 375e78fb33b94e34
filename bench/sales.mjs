// What a sales team waits for, asked as the owner of the first organization (in set L it holds half of the data), of Pulse as it is shipped:
// `npm run bench:sales [-- --size M|L] [--plans]`. One caller, warm. docs/BENCHMARKS.md says what is measured.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { contenders } from './contenders/index.mjs';
import { bringUpDatabase } from './lib/database.mjs';
import { runNode } from './lib/run-node.mjs';
import { client, measureWork } from './lib/sales-measure.mjs';
import { makeWork } from './lib/sales-work.mjs';
import { startServer } from './lib/server.mjs';
import { table } from './lib/table.mjs';
import { SETS, bench, product } from './settings.mjs';

const results = path.join(bench, 'results');
const OWNER = { email: 'owner@bench-001.example' };

try {
  const options = { size: { type: 'string', default: 'M' }, plans: { type: 'boolean', default: false } };
  const { size, plans } = parseArgs({ options }).values;
  if (!['M', 'L'].includes(size)) throw new Error(`--size is M or L, not ${size}.`);
  mkdirSync(results, { recursive: true });
  await runNode(process.execPath, ['scripts/build.mjs', '--if-stale'], {}, product);
  await run(size, plans);
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}

async function run(size, plans) {
  const database = await bringUpDatabase(console.log, SETS[size], path.join(bench, `.data-sales-${size}`));
  try {
    const [pulse] = contenders;
    const server = await startServer(pulse, process.execPath, database.urls);
    const figures = await measured(server.url).finally(server.stop);
    report(size, database, figures);
    // Loaded here: it imports the built product, which a fresh clone has only now.
    const { keepPlans } = await import('./lib/plans.mjs');
    if (plans) await keepPlans(database.urls, OWNER, path.join(results, `sales-plans-${size}.txt`));
  } finally {
    await database.stop();
  }
}

async function measured(url) {
  const ask = await client(url, OWNER);
  const figures = [];
  for (const work of await makeWork(ask)) {
    figures.push({ ...work, ...(await measureWork(ask, work)) });
    console.log(`${work.title}: p50 ${figures.at(-1).p50.toFixed(1)} ms, p95 ${figures.at(-1).p95.toFixed(1)} ms`);
  }
  return figures;
}

function report(size, { version, counts }, figures) {
  const rows = figures.map(({ title, p50, p95, most }) => [
    title,
    p50.toFixed(1),
    p95.toFixed(1),
    most === null ? '–' : `≤ ${most}`,
    most === null ? '–' : p95 <= most ? 'yes' : 'NO',
  ]);
  console.log(
    `\nSet ${size}, PostgreSQL ${version}: ${counts.contacts} contacts, ${counts.deals} deals, ${counts.activities} activities.\n`,
  );
  console.log(table([['work', 'p50 ms', 'p95 ms', 'promised p95', 'kept'], ...rows]));
  const [first, deep] = ['first', 'deep'].map((name) => figures.find((figure) => figure.name === name));
  console.log(`\nThe deep page takes ${(deep.p50 / first.p50).toFixed(2)} × the first one (p50; promised: at most 1.5).`);
  const kept = {
    date: new Date().toISOString().slice(0, 10),
    size,
    version,
    counts,
    figures: figures.map(({ name, title, p50, p95, most }) => ({ name, title, p50, p95, most })),
  };
  writeFileSync(path.join(results, `sales-${size}.json`), `${JSON.stringify(kept, null, 2)}\n`);
}
