// Runs the tests: `npm test`, or `npm test -- deals --testNamePattern closing` with jest's own arguments. The last line is
// plain, for programs: "N passed, N failed", and ", N skipped" when there were any.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from './generate.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const jest = path.join(path.dirname(createRequire(import.meta.url).resolve('jest/package.json')), 'bin/jest.js');

/** ES modules in jest are behind a flag; tsx lets jest load test/support/global-setup.ts and what that imports. */
const nodeFlags = ['--experimental-vm-modules', '--no-warnings', '--import', import.meta.resolve('tsx')];

function runJest(args, countsFile) {
  return spawnSync(process.execPath, [...nodeFlags, jest, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PULSE_TEST_COUNTS: countsFile },
  });
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** @param {{ passed: number, failed: number, skipped: number }} counts */
function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

async function main() {
  await generate();
  const folder = mkdtempSync(path.join(tmpdir(), 'pulse-test-'));
  const countsFile = path.join(folder, 'counts.json');
  const { status } = runJest(process.argv.slice(2), countsFile);
  const counts = readCounts(countsFile);
  rmSync(folder, { recursive: true, force: true });
  if (counts) console.log(summary(counts));
  else if (status !== 0) console.error('The tests could not be run; the reason stands above.');
  process.exitCode = status ?? 1;
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
