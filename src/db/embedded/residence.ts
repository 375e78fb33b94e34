import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { embeddedError } from './error.js';
import { giveTree, makeOpenFolder, nearestExisting } from './folders.js';
import { canReach, getPostgresUser, isRoot } from './os-user.js';
import { hasCluster, movedDataDir, placeAt, type Place } from './place.js';
import type { OsUser } from './run.js';

/** Where the data lives, and the account PostgreSQL runs under (none: our own). */
export interface Residence {
  place: Place;
  user?: OsUser;
}

type Say = (line: string) => void;

/**
 * Decides where the data lives and who runs PostgreSQL, and makes the folder for it. Data that exists is never left
 * behind for an empty database: it is used where it is, or a sentence says why it cannot be.
 */
export async function findResidence(dataDir: string, say: Say): Promise<Residence> {
  try {
    return isRoot() ? await settleAsRoot(dataDir, say) : await settleAsMyself(dataDir);
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw embeddedError(
      `The data folder ${dataDir} cannot be used: ${error.message}. ` + 'Set PULSE_DATA_DIR to a folder that Pulse may write to.',
      error,
    );
  }
}

async function settleAsMyself(dataDir: string): Promise<Residence> {
  await mkdir(path.dirname(dataDir), { recursive: true });
  const owner = await findOwner(dataDir);
  if (owner && process.getuid && owner.uid !== process.getuid()) {
    throw embeddedError(
      `The data folder ${dataDir} belongs to another user (uid ${owner.uid}). ` +
        'Start Pulse as that user or as root, or set PULSE_DATA_DIR to another folder.',
    );
  }
  return { place: placeAt(dataDir) };
}

async function settleAsRoot(dataDir: string, say: Say): Promise<Residence> {
  if (hasCluster(dataDir)) return stayWithData(dataDir, say);
  const moved = movedDataDir(dataDir);
  const user = await getPostgresUser(say);
  if (hasCluster(moved)) {
    sayMoved(say, dataDir, moved, user);
    return stayWithData(moved, say);
  }
  const reachable = await canReach(user, nearestExisting(path.dirname(dataDir)));
  if (!reachable) sayMoved(say, dataDir, moved, user);
  const data = reachable ? dataDir : moved;
  await makeOpenFolder(path.dirname(data));
  return { place: placeAt(data), user };
}

/** PostgreSQL wants its user to own the data, so whoever owns it runs it; only data that root owns changes hands. */
async function stayWithData(data: string, say: Say): Promise<Residence> {
  const owner = await findOwner(data);
  const user = owner && owner.uid !== 0 ? owner : await getPostgresUser(say);
  if (!(await canReach(user, path.dirname(data)))) {
    throw embeddedError(
      `The data folder ${data} exists, but ${user.name} can no longer reach it: a folder above it is closed. ` +
        'Open that folder again (chmod o+x), or move the whole data folder and set PULSE_DATA_DIR to it.',
    );
  }
  if (owner?.uid === 0) await giveTree(data, user);
  return { place: placeAt(data), user };
}

async function findOwner(dataDir: string): Promise<OsUser | undefined> {
  try {
    const { uid, gid } = await stat(dataDir);
    return { uid, gid, name: `the system user with uid ${uid}` };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function sayMoved(say: Say, dataDir: string, moved: string, user: OsUser): void {
  const folder = path.dirname(moved);
  say(`The database is kept in ${folder}: PostgreSQL, run as ${user.name}, could not reach ${dataDir} when it was made.`);
}
