import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { createCluster, nestPrefix } from './create-cluster.js';
import { embeddedError } from './error.js';
import { sayWhenSlow } from './notice.js';
import { getPassword } from './password.js';
import { hasCluster, type Place } from './place.js';
import type { Tools } from './tools.js';

export interface ClusterOptions {
  say: (line: string) => void;
  durable: boolean;
}

/**
 * Sees to it that the data folder holds a complete cluster of our major version, and answers its superuser's password.
 * Throws a sentence when the folder holds something else.
 */
export async function ensureCluster(place: Place, tools: Tools, options: ClusterOptions): Promise<string> {
  await removeHalfMade(place);
  if (!hasCluster(place.data)) {
    await checkEmpty(place);
    const line = `Preparing a new database in ${place.data} …`;
    return sayWhenSlow(options.say, line, createCluster(place, tools, options.durable));
  }
  await checkMajor(place, tools);
  return getPassword(place);
}

async function removeHalfMade(place: Place): Promise<void> {
  const folder = path.dirname(place.data);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(path.basename(nestPrefix(place)))) continue;
    await rm(path.join(folder, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

async function checkEmpty(place: Place): Promise<void> {
  if (!existsSync(place.data) || (await readdir(place.data)).length === 0) return;
  throw embeddedError(
    `The folder ${place.data} holds files that are not a PostgreSQL database. ` +
      'Move them away, or set PULSE_DATA_DIR to another folder.',
  );
}

async function checkMajor(place: Place, tools: Tools): Promise<void> {
  const written = (await readFile(path.join(place.data, 'PG_VERSION'), 'utf8')).trim();
  if (written === String(tools.major)) return;
  throw embeddedError(
    `The data folder ${place.data} was written by PostgreSQL ${written}, and this release of Pulse brings PostgreSQL ` +
      `${tools.major}. Run \`npm run backup\` with the older release, move the folder away, and run ` +
      '`npm run restore -- <backup>` with this one; or move the folder away to start with an empty database.',
  );
}
