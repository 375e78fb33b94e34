// Everything that can be checked without running the product, two checks at a time: `npm run check`, or some of them:
// `npm run check -- --only lint,types`. Exit code 1 when any failed; what they found is shown at the end.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (file) => path.join(root, 'node_modules', file);
const tsx = ['--import', import.meta.resolve('tsx')];

/** @type {Record<string, { says: string, run: string[] }>} */
const checks = {
  generated: { says: 'generated code is current', run: ['scripts/generate.mjs', '--check'] },
  lint: {
    says: 'eslint, walls included',
    run: [
      bin('eslint/bin/eslint.js'),
      '.',
      '--max-warnings=0',
      '--cache',
      '--cache-strategy=content',
      '--cache-location=node_modules/.cache/eslint/',
    ],
  },
  types: { says: 'types agree', run: [bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json'] },
  explorer: { says: 'types of the explorer agree', run: [bin('typescript/bin/tsc'), '-p', 'explorer/tsconfig.json'] },
  format: {
    says: 'formatted by prettier',
    run: [
      bin('prettier/bin/prettier.cjs'),
      '--check',
      '--log-level=warn',
      '--cache',
      '--cache-strategy=content',
      '--cache-location=node_modules/.cache/prettier/cache',
      '.',
    ],
  },
  drift: { says: 'migrations give the schema', run: [...tsx, 'scripts/drift.mts'] },
  erd: { says: 'docs/ERD.md is current', run: ['scripts/erd.mjs', '--check'] },
};

/** @returns {Promise<{ name: string, ok: boolean, output: string }>} */
function run(name) {
  const started = performance.now();
  const child = spawn(process.execPath, checks[name].run, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(10)} ${seconds.padStart(5)} s  ${checks[name].says}`);
      resolve({ name, ok: code === 0, output: Buffer.concat(chunks).toString().trim() });
    });
  });
}

/** Generated code comes first, for lint and types read it; after that two at a time. */
async function runAll(names) {
  const results = names.includes('generated') ? [await run('generated')] : [];
  const waiting = names.filter((name) => name !== 'generated');
  const lane = async () => {
    for (let name = waiting.shift(); name; name = waiting.shift()) results.push(await run(name));
  };
  await Promise.all([lane(), lane()]);
  return results;
}

function chosen() {
  const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;
  const names = only ? only.split(',') : Object.keys(checks);
  const unknown = names.filter((name) => !(name in checks));
  if (unknown.length > 0)
    throw new Error(`There is no check called ${unknown.join(', ')}. There are: ${Object.keys(checks).join(', ')}.`);
  return names;
}

async function main() {
  const results = await runAll(chosen());
  const failed = results.filter((result) => !result.ok);
  for (const { name, output } of failed) console.error(`\n── ${name} ${'─'.repeat(60)}\n${output}`);
  const counts = `${results.length - failed.length} of ${results.length} checks passed`;
  console.log(`\n${counts}${failed.length > 0 ? `; failed: ${failed.map(({ name }) => name).join(', ')}` : ''}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
