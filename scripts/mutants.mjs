// Shows that the suite would notice: takes one predicate at a time out of a copy of the product and runs the tests that guard
// it, which have to fail. `npm run mutants`, or some of them: `npm run mutants -- visibility`. The list is test/mutants.mjs.
// Exit code 1 when a mutant survives or its text is no longer in the code.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutants } from '../test/mutants.mjs';
import { generate } from './generate.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const COPIED = ['src', 'schema', 'prisma', 'scripts', 'test', 'docs', 'README.md', 'codegen.yml', 'prisma.config.ts'];
const CONFIGURATION = ['package.json', 'package-lock.json', 'tsconfig.json', 'jest.config.js'];

function makeCopy() {
  const folder = mkdtempSync(path.join(tmpdir(), 'pulse-mutants-'));
  for (const name of [...COPIED, ...CONFIGURATION]) cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

/** @returns {{ verdict: 'noticed' | 'SURVIVES' | 'NOT FOUND', counts: string }} */
function judge(folder, { file, from, to, tests }) {
  const place = path.join(folder, file);
  const original = readFileSync(place, 'utf8');
  if (original.split(from).length !== 2) return { verdict: 'NOT FOUND', counts: `once in ${file}` };
  writeFileSync(
    place,
    original.replace(from, () => to),
  );
  const { stdout } = spawnSync(process.execPath, ['scripts/test.mjs', '--silent', ...tests], { cwd: folder, encoding: 'utf8' });
  writeFileSync(place, original);
  const counts = stdout.trim().split('\n').at(-1) ?? '';
  // A suite that cannot be loaded fails too, and shows nothing: some test has to have run, and failed.
  const failed = Number(/(\d+) failed/.exec(counts)?.[1] ?? 0);
  return { verdict: failed > 0 ? 'noticed' : 'SURVIVES', counts };
}

async function main() {
  const wanted = process.argv.slice(2);
  const chosen = mutants.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
  if (chosen.length === 0)
    throw new Error(`No mutant is called like that. There are:\n  ${mutants.map(({ name }) => name).join('\n  ')}`);
  await generate();
  const folder = makeCopy();
  try {
    const verdicts = chosen.map((mutant, index) => {
      const { verdict, counts } = judge(folder, mutant);
      console.log(`${String(index + 1).padStart(3)}/${chosen.length}  ${verdict.padEnd(9)}  ${mutant.name} (${counts})`);
      return verdict;
    });
    const noticed = verdicts.filter((verdict) => verdict === 'noticed').length;
    console.log(`\n${noticed} of ${verdicts.length} noticed`);
    process.exitCode = noticed === verdicts.length ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
