import { chown, mkdtemp, open, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { embeddedError } from './error.js';
import { keepPassword } from './password.js';
import type { Place } from './place.js';
import { run, type Outcome } from './run.js';
import type { Tools } from './tools.js';

/** Case and sorting come from PostgreSQL itself, but pg_trgm asks LC_CTYPE: under C it drops all but a to z. */
const CTYPES = ['C.UTF-8', 'en_US.UTF-8', 'C'];

export function nestPrefix(place: Place): string {
  return `${place.data}.init-`;
}

/**
 * Makes a new cluster and answers its superuser's password. It is made in a nest beside the data folder and moved there
 * when complete, so that an initdb cut short leaves nothing that looks like data.
 */
export async function createCluster(place: Place, tools: Tools, durable: boolean): Promise<string> {
  const password = await keepPassword(place);
  const nest = await mkdtemp(nestPrefix(place));
  try {
    await writePasswordFile(nest, password, tools);
    const { code, output } = await initdb(nest, tools, durable);
    if (code !== 0) throw embeddedError(`PostgreSQL could not prepare a database for ${place.data}: ${output}`);
    await moveIn(path.join(nest, 'data'), place.data);
    return password;
  } finally {
    await rm(nest, { recursive: true, force: true });
  }
}

async function writePasswordFile(nest: string, password: string, { user }: Tools): Promise<void> {
  const file = path.join(nest, 'password');
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  if (!user) return;
  await chown(file, user.uid, user.gid);
  await chown(nest, user.uid, user.gid);
}

async function initdb(nest: string, tools: Tools, durable: boolean): Promise<Outcome> {
  const data = path.join(nest, 'data');
  const args = [
    ...['-D', data, '--username=postgres', `--pwfile=${path.join(nest, 'password')}`, '--auth=scram-sha-256'],
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ...(durable ? [] : ['--no-sync']),
  ];
  let outcome: Outcome = { code: null, output: '' };
  for (const ctype of CTYPES) {
    outcome = await run(tools.initdb, [...args, `--lc-ctype=${ctype}`], tools.user);
    if (!outcome.output.includes('invalid locale name')) break;
  }
  return outcome;
}

async function moveIn(made: string, data: string): Promise<void> {
  try {
    await rmdir(data).catch(ignoreMissing);
    await rename(made, data);
    await syncFolder(path.dirname(data));
  } catch (error) {
    throw embeddedError(
      `The new database could not be moved to ${data}: ${(error as Error).message}. ` +
        'If that folder is a mount point or a link, mount or link the folder above it instead.',
      error,
    );
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** So that a power failure does not take the new name back. Windows cannot open folders. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
