// Writes src/generated from prisma/schema (Prisma client, Kysely tables) and schema/*.graphql (resolver types).
//
//   node scripts/generate.mjs            brings src/generated up to date; says nothing when all is well
//   node scripts/generate.mjs --check    exit code 1 when src/generated is not what the schemas say; writes only what
//                                        is missing altogether, as on a fresh clone
//
// Everything is generated into a scratch folder first and only files that differ are copied, so that programs which are
// reading src/generated (tsc, tsx watch, a second run) never find it half written.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { fingerprint, listFiles } from './fingerprint.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const generated = path.join(root, 'src/generated');
const stampFile = path.join(generated, '.stamp');

/** What the generated code is made from; a new version of a generator counts as a change. */
const inputs = ['schema', 'prisma/schema', 'codegen.yml', 'prisma.config.ts', 'package-lock.json', ...ownFiles()];

/** Brings src/generated up to date. Costs a few milliseconds when nothing has changed. */
export async function generate() {
  if (isCurrent()) return;
  await withFreshCode((fresh) => {
    for (const file of differences(fresh)) takeOver(fresh, file);
    writeFileSync(stampFile, stamp());
  });
}

/**
 * Compares src/generated with what the generators write now. Files that are missing are written, as on a fresh clone.
 *
 * @returns {Promise<string[]>} the files whose content differs; none when all is current.
 */
export async function check() {
  if (isCurrent()) return [];
  return withFreshCode((fresh) => {
    const different = differences(fresh);
    const missing = different.filter((file) => !existsSync(path.join(generated, file)));
    for (const file of missing) takeOver(fresh, file);
    if (missing.length === different.length) writeFileSync(stampFile, stamp());
    return different.filter((file) => !missing.includes(file));
  });
}

/** True when neither the schemas nor the generated files were touched since the last complete run. */
function isCurrent() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp();
}

function stamp() {
  const outputs = createHash('sha256');
  for (const file of readFiles(generated)) outputs.update(file).update(readFileSync(path.join(generated, file)));
  return `${fingerprint(root, inputs)} ${outputs.digest('hex')}\n`;
}

/**
 * @template T
 * @param {(fresh: string) => T} use is given the folder with the freshly generated code.
 */
async function withFreshCode(use) {
  const cache = path.join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(path.join(cache, 'pulse-generate-'));
  try {
    // allSettled: a generator that is still writing would bring the removed folder back.
    const results = await Promise.allSettled([generateFromPrisma(scratch), generateFromGraphql(scratch)]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return use(path.join(scratch, 'src/generated'));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The schema's generators write to ../../src/generated, so a copy of the schema in a scratch folder writes there. */
async function generateFromPrisma(scratch) {
  const schema = path.join(scratch, 'prisma/schema');
  cpSync(path.join(root, 'prisma/schema'), schema, { recursive: true });
  const command = [path.join(root, 'scripts/prisma.mjs'), 'generate', '--no-hints', '--schema', schema];
  await promisify(execFile)(process.execPath, command, { cwd: root }).catch((error) => {
    throw new Error(`Prisma could not generate its code from prisma/schema:\n${error.stdout}${error.stderr}`, { cause: error });
  });
}

async function generateFromGraphql(scratch) {
  const { generate: runCodegen, loadContext } = await import('@graphql-codegen/cli');
  process.chdir(root); // paths in codegen.yml count from here
  const context = await loadContext(path.join(root, 'codegen.yml'));
  const files = await runCodegen(context, false).catch((error) => {
    throw new Error(`No types could be made from schema/*.graphql and codegen.yml:\n${essence(error)}`, { cause: error });
  });
  for (const file of files) {
    const target = path.join(scratch, path.relative(root, path.resolve(root, file.filename)));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, file.content);
  }
}

/** The generator's message without stacks and general advice. */
function essence(error) {
  const messages = (error.errors ?? [error]).map((each) => each.message.split('GraphQL Code Generator supports')[0]);
  const lines = messages
    .join('\n')
    .split('\n')
    .filter((line) => line.trim() && !/^\s+at /.test(line));
  return [...new Set(lines)].map((line) => `  ${line}`).join('\n');
}

/** Files that differ between the fresh folder and src/generated, including those only one of them has. */
function differences(fresh) {
  const all = new Set([...readFiles(fresh), ...readFiles(generated)]);
  return [...all].sort().filter((file) => readOrNull(path.join(fresh, file)) !== readOrNull(path.join(generated, file)));
}

function takeOver(fresh, file) {
  const target = path.join(generated, file);
  if (!existsSync(path.join(fresh, file))) return rmSync(target);
  mkdirSync(path.dirname(target), { recursive: true });
  renameSync(path.join(fresh, file), target);
}

function ownFiles() {
  return ['generate.mjs', 'prisma.mjs', 'type-names.cjs'].map((name) => `scripts/${name}`);
}

function readFiles(folder) {
  return listFiles(folder).filter((file) => file !== '.stamp');
}

function readOrNull(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

async function main() {
  if (!process.argv.includes('--check')) return generate();
  const stale = await check();
  if (stale.length === 0) return;
  const shown = stale.slice(0, 8).map((file) => `  src/generated/${file}`);
  if (stale.length > shown.length) shown.push(`  and ${stale.length - shown.length} more`);
  console.error(`Generated code is stale. Run: npm run generate\n${shown.join('\n')}`);
  process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
