import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { embeddedError } from './error.js';
import { makeOpenFolder, openTree, SYSTEM_FOLDER } from './folders.js';
import { restoreLinks } from './links.js';
import type { PostgresPackage } from './package.js';
import { isAlive } from './process-id.js';
import type { OsUser } from './run.js';

/**
 * Copies PostgreSQL's programs, once a version, to a place that `user` can reach, and answers that place. The copy
 * takes its name only when it is whole. Throws a sentence when there is no such place.
 */
export async function copyTools(pack: PostgresPackage, user: OsUser, say: (line: string) => void): Promise<string> {
  const copy = copyOf(pack);
  if (existsSync(copy)) return copy;
  try {
    await makeOpenFolder(SYSTEM_FOLDER);
    await removePartialCopies(copy);
    await copyWhole(pack.native, copy);
  } catch (error) {
    throw embeddedError(
      `PostgreSQL runs as ${user.name}, who cannot reach ${pack.native}, and a copy in ${SYSTEM_FOLDER} failed ` +
        `(${error instanceof Error ? error.message : String(error)}). ` +
        'Start Pulse as an ordinary user, or set DATABASE_URL to a PostgreSQL 15 or newer.',
      error,
    );
  }
  say(`PostgreSQL's programs were copied to ${copy}, because ${user.name} cannot reach ${pack.native}.`);
  return copy;
}

function copyOf({ name, version }: PostgresPackage): string {
  const hash = createHash('sha256').update(`${name}@${version}`).digest('hex').slice(0, 8);
  return path.join(SYSTEM_FOLDER, `postgres-${version}-${hash}`);
}

async function removePartialCopies(copy: string): Promise<void> {
  const prefix = `${path.basename(copy)}.partial-`;
  for (const name of await readdir(SYSTEM_FOLDER)) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length)))) continue;
    await rm(path.join(SYSTEM_FOLDER, name), { recursive: true, force: true });
  }
}

async function copyWhole(native: string, copy: string): Promise<void> {
  const partial = `${copy}.partial-${process.pid}`;
  await cp(native, partial, { recursive: true, verbatimSymlinks: true });
  await restoreLinks(partial);
  await openTree(partial);
  try {
    await rename(partial, copy);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
}
