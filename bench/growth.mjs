// How the cost of a request grows with the data and with what is asked: `npm run bench:growth [-- --only rows,tenants,depth,pages] [--quick]`;
// --quick only shows whether everything works, on the smallest sets. What is measured: docs/BENCHMARKS.md, "Growth".
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runNode } from './lib/run-node.mjs';
import { bench, product } from './settings.mjs';

const OPTIONS = { only: { type: 'string', default: '' }, quick: { type: 'boolean', default: false } };

try {
  const { only, quick } = parseArgs({ options: OPTIONS }).values;
  if (process.platform !== 'linux') throw new Error('The bench reads processor time from /proc, so it runs on Linux only.');
  if (process.env.BENCH_DATABASE_URL)
    throw new Error('Growth needs several databases and starts them; unset BENCH_DATABASE_URL.');
  mkdirSync(path.join(bench, 'results'), { recursive: true });
  await runNode(process.execPath, ['scripts/build.mjs', '--if-stale'], {}, product);
  // Loaded here: it imports the built product, which a fresh clone has only now.
  const { runGrowth } = await import('./lib/growth-run.mjs');
  await runGrowth({ only: only.split(',').filter(Boolean), quick });
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
