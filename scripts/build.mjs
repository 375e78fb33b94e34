// Builds dist/: generates code, compiles src and the seed, and bundles the explorer.
//
//   node scripts/build.mjs               always
//   node scripts/build.mjs --if-stale    only when something it is made from has changed; otherwise silent
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { fingerprint, listFiles } from './fingerprint.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = path.join(root, 'dist/.built');

/** What dist is made from. Generated code follows from the schemas, so that a fresh clone counts as unchanged by it. */
const inputs = [
  'explorer',
  'schema',
  'prisma/schema',
  'prisma/seed',
  'prisma/seed.ts',
  'codegen.yml',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

function currentFingerprint() {
  return fingerprint(root, [...inputs, 'src', 'scripts/build.mjs'], { skip: 'src/generated/' });
}

function isStale() {
  return !existsSync(built) || readFileSync(built, 'utf8') !== currentFingerprint();
}

async function build() {
  console.log('Building Pulse (first start after a change, about 20 s) …');
  const before = currentFingerprint();
  rmSync(built, { force: true });
  const { generate } = await import('./generate.mjs');
  await generate();
  compile();
  await bundle();
  mkdirSync(path.dirname(built), { recursive: true });
  writeFileSync(built, before);
}

function compile() {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const result = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`The TypeScript compiler found faults:\n${result.stdout}${result.stderr}`);
}

/** The explorer's files, each with a compressed twin beside it: 7 MB would otherwise be compressed for every visitor. */
async function bundle() {
  const { build: bundleFiles } = await import('vite');
  await bundleFiles({ configFile: path.join(root, 'explorer/vite.config.ts') });
  const folder = path.join(root, 'dist/explorer');
  for (const file of listFiles(folder)) {
    const target = path.join(folder, file);
    writeFileSync(`${target}.gz`, gzipSync(readFileSync(target)));
  }
}

try {
  if (!process.argv.includes('--if-stale') || isStale()) await build();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
