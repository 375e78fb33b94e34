import { open, stat, truncate, type FileHandle } from 'node:fs/promises';
import { embeddedError } from './error.js';
import type { Place } from './place.js';

const MOST_BYTES = 10 * 1024 * 1024;
const TAIL_BYTES = 8 * 1024;
const TAIL_LINES = 15;

/** Opens the server's log to be added to; one above 10 MB starts anew. */
export async function openLog(place: Place): Promise<FileHandle> {
  try {
    if ((await logSize(place)) > MOST_BYTES) await truncate(place.log);
    return await open(place.log, 'a', 0o600);
  } catch (error) {
    throw embeddedError(`Pulse cannot write ${place.log}: ${(error as Error).message}.`, error);
  }
}

export async function logSize(place: Place): Promise<number> {
  return stat(place.log).then(
    ({ size }) => size,
    () => 0,
  );
}

/** The last lines the server wrote since the log had the size `since`. */
export async function logTail(place: Place, since: number): Promise<string> {
  const handle = await open(place.log, 'r');
  try {
    const start = Math.max(since, (await logSize(place)) - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
    return buffer.subarray(0, bytesRead).toString('utf8').trim().split('\n').slice(-TAIL_LINES).join('\n');
  } finally {
    await handle.close();
  }
}
