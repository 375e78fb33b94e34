import { readFile, writeFile } from 'node:fs/promises';
import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedError } from './error.js';
import { sayWhenSlow } from './notice.js';
import type { Place } from './place.js';
import { commandLine, isAlive } from './process-id.js';
import { run } from './run.js';
import type { Tools } from './tools.js';

/** What the running server writes into postmaster.pid. */
export interface Postmaster {
  pid: number;
  ready: boolean;
}

const STOP_SECONDS = 10;

export async function findPostmaster(place: Place): Promise<Postmaster | undefined> {
  try {
    const lines = (await readFile(pidFile(place), 'utf8')).split('\n');
    return { pid: Number(lines[0]), ready: lines[7]?.trim() === 'ready' };
  } catch {
    return undefined;
  }
}

/** Stops the server on this data folder: fast, after ten seconds at once, after ten more by force. */
export async function stopPostmaster(place: Place, tools: Tools, pid: number): Promise<void> {
  for (const mode of ['fast', 'immediate']) {
    if (!isAlive(pid)) return;
    await run(tools.pgCtl, ['stop', '-D', place.data, '-m', mode, '-w', '-t', String(STOP_SECONDS)], tools.user);
  }
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  for (let polls = 0; polls < 40 && isAlive(pid); polls += 1) await sleep(50);
}

/**
 * Ends what a Pulse that was killed left behind. Call only as the owner of the data folder.
 * Throws a sentence when a server that was left running does not end.
 */
export async function clearLeftovers(place: Place, tools: Tools, say: (line: string) => void): Promise<void> {
  const pid = (await findPostmaster(place))?.pid ?? 0;
  if (isAlive(pid) && isServerOf(place, pid)) {
    say(`A PostgreSQL that an earlier Pulse left running (pid ${pid}) is stopped first.`);
    await sayWhenSlow(say, 'It is still shutting down …', stopPostmaster(place, tools, pid));
    if (isAlive(pid)) {
      throw embeddedError(`A PostgreSQL (pid ${pid}) still runs on ${place.data}. End it, then start Pulse again.`);
    }
  }
  if (existsSync(pidFile(place))) await disown(place);
}

function pidFile(place: Place): string {
  return path.join(place.data, 'postmaster.pid');
}

/** A server's working folder is its data folder; where that may not be seen (containers), its command line names it. */
function isServerOf(place: Place, pid: number): boolean {
  if (process.platform === 'win32') return true;
  const command = commandLine(pid);
  if (/postgres/.test(command) && command.includes(place.data)) return true;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(place.data);
  } catch {
    return false;
  }
}

/**
 * PostgreSQL takes the id in a left-over postmaster.pid for a running server when another process has it by now, or
 * when nobody reaped the dead one, and it refuses an empty file. It ignores its parent's id, so ours goes there. The
 * file must stay: through the shared memory key in it PostgreSQL notices backends that outlived their server.
 */
async function disown(place: Place): Promise<void> {
  const [, ...rest] = (await readFile(pidFile(place), 'utf8')).split('\n');
  await writeFile(pidFile(place), [process.pid, ...rest].join('\n'));
}
