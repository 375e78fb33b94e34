import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { embeddedError } from './error.js';
import type { Place } from './place.js';

/** The superuser's password for a cluster about to be made, kept first so that no cluster is without one. */
export async function keepPassword(place: Place): Promise<string> {
  const kept = await findPassword(place);
  if (kept) return kept;
  const password = randomBytes(24).toString('hex');
  await writeFile(`${place.password}.new`, `${password}\n`, { mode: 0o600, flush: true });
  await rename(`${place.password}.new`, place.password);
  return password;
}

/** The password of an existing cluster. Throws a sentence when its file is gone. */
export async function getPassword(place: Place): Promise<string> {
  const password = await findPassword(place);
  if (password) return password;
  throw embeddedError(
    `The data folder ${place.data} exists, but the file with its password, ${place.password}, is missing. ` +
      'Put that file back, or move the data folder away to start with an empty database.',
  );
}

async function findPassword(place: Place): Promise<string | undefined> {
  try {
    return (await readFile(place.password, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw embeddedError(`Pulse cannot read ${place.password}: ${(error as Error).message}.`, error);
  }
}
