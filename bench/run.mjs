// Pulse side by side with others, on one PostgreSQL and one Node: `npm run bench [-- --size M|L] [--only point,graph] [--quick]`; --quick
// only shows whether everything works. What is measured and what is not: docs/BENCHMARKS.md.
import { parseArgs } from 'node:util';
import { contenderNode, installDependencies } from './lib/install.mjs';
import { SETS } from './settings.mjs';

const OPTIONS = {
  size: { type: 'string', default: 'M' },
  only: { type: 'string', default: '' },
  quick: { type: 'boolean', default: false },
};

try {
  const { quick, size, only } = parseArgs({ options: OPTIONS }).values;
  if (!(size in SETS)) throw new Error(`--size is ${Object.keys(SETS).join(' or ')}, not ${size}.`);
  if (process.platform !== 'linux') throw new Error('The bench reads processor time from /proc, so it runs on Linux only.');
  await installDependencies();
  const { runBench } = await import('./lib/bench.mjs');
  await runBench({ node: contenderNode(), size, only: only.split(',').filter(Boolean), quick });
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
