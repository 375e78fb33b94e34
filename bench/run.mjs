// Pulse side by side with others, on one PostgreSQL and one Node: `npm run bench`, or `npm run bench -- --quick` to see
// whether everything works. What is measured and what is not: docs/BENCHMARKS.md.
import { parseArgs } from 'node:util';
import { contenderNode, installDependencies } from './lib/install.mjs';

try {
  const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values;
  if (process.platform !== 'linux') throw new Error('The bench reads processor time from /proc, so it runs on Linux only.');
  await installDependencies();
  const { runBench } = await import('./lib/bench.mjs');
  await runBench({ node: contenderNode(), quick });
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
