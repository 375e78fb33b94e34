// Whether a price keeps its word: the dearest operations that are allowed, each of a kind, and what they cost PostgreSQL.
// `npm run bench:price`; benchmark set M. docs/BENCHMARKS.md says what is measured.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { contenders } from './contenders/index.mjs';
import { bringUpDatabase } from './lib/database.mjs';
import { cpuOfFamily } from './lib/processes.mjs';
import { runNode } from './lib/run-node.mjs';
import { client } from './lib/sales-measure.mjs';
import { startServer } from './lib/server.mjs';
import { table } from './lib/table.mjs';
import { SETS, bench, product } from './settings.mjs';

const OWNER = { email: 'owner@bench-001.example' };
/** What an operation under the limit may cost PostgreSQL. */
const PROMISED_MS = 500;
/** The dearer time counts; the first also pays for plans. */
const TIMES = 2;

try {
  const { only } = parseArgs({ options: { only: { type: 'string', default: '' } } }).values;
  mkdirSync(path.join(bench, 'results'), { recursive: true });
  await runNode(process.execPath, ['scripts/build.mjs', '--if-stale'], {}, product);
  process.exitCode = (await run(only)) ? 0 : 1;
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}

async function run(only) {
  const database = await bringUpDatabase(console.log, SETS.M, path.join(bench, '.data-sales-M'));
  try {
    const server = await startServer(contenders[0], process.execPath, database.urls);
    const figures = await measured(server.url, database.postmaster, only).finally(server.stop);
    return report(database, figures);
  } finally {
    await database.stop();
  }
}

async function measured(url, postmaster, only) {
  const { priciest } = await import('./lib/price-work.mjs');
  const { PLANS } = await import('../dist/src/domain/budgets/plans.js');
  const limit = PLANS.BUSINESS.limit;
  const ask = await client(url, OWNER);
  const { pipelines } = await ask('{ pipelines(first: 1) { nodes { id } } }');
  const figures = [];
  for (const { name, query, points, times } of priciest(limit).filter((work) => work.name.includes(only))) {
    const text = query.replaceAll('$pipeline', pipelines.nodes[0].id);
    const took = [];
    for (let turn = 0; turn < TIMES; turn += 1) {
      const before = cpuOfFamily(postmaster);
      await ask(text).catch(unlessTooLong);
      took.push(cpuOfFamily(postmaster) - before);
    }
    const ms = Math.max(...took);
    figures.push({ name, points, times, ms });
    console.log(`${String(ms).padStart(5)} ms (${took.join(', ')})  ${points} points  ${times} × ${name}`);
  }
  return figures;
}

/** A bounded order refuses a list that is too long only once it has looked: what that takes counts. */
function unlessTooLong(error) {
  if (!error.message.includes('sorts at most')) throw error;
}

function report({ version, counts }, figures) {
  const dearest = figures.sort((one, other) => other.ms - one.ms).slice(0, 15);
  const rows = dearest.map(({ name, points, times, ms }) => [
    `${times} × ${name}`,
    String(points),
    ms.toFixed(0),
    ((ms * 1_000) / points).toFixed(1),
  ]);
  console.log(
    `\nPostgreSQL ${version}: ${counts.contacts} contacts, ${counts.deals} deals, ${counts.activities} activities; ${figures.length} kinds of operations.\n`,
  );
  console.log(table([['operation', 'points', 'PostgreSQL CPU ms', 'µs a point'], ...rows]));
  writeFileSync(
    path.join(bench, 'results', 'price.json'),
    `${JSON.stringify({ date: new Date().toISOString().slice(0, 10), version, counts, figures }, null, 2)}\n`,
  );
  const [most] = dearest;
  console.log(`\nThe most is ${most.ms.toFixed(0)} ms (promised: at most ${PROMISED_MS}).`);
  return most.ms <= PROMISED_MS;
}
