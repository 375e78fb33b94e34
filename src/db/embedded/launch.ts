import { spawn } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedError } from './error.js';
import { logSize, logTail, openLog } from './log.js';
import type { Place } from './place.js';
import { pickPort, rememberPort } from './port.js';
import { findPostmaster, stopPostmaster } from './postmaster.js';
import { spawnOptions } from './run.js';
import { serverArguments } from './settings.js';
import type { Tools } from './tools.js';

export interface Exit {
  code: number | null;
}

/** A server process that accepts connections. */
export interface Launched {
  pid: number;
  port: number;
  hasExited(): boolean;
  /** Resolves at the end of the process. Waiting for it keeps Node alive only after `hold()`. */
  exit: Promise<Exit>;
  hold(): void;
}

type Attempt = Omit<Launched, 'port'>;

const ATTEMPTS = 5;
const POLL_MS = 25;
const SILENCE_MS = 60_000;
const PORT_TAKEN = /could not bind|could not create any TCP\/IP sockets/;

/**
 * Starts the server and waits until it accepts connections, trying other ports when somebody takes ours in between.
 * Throws a sentence with the last lines of the server's own log when it does not come up.
 */
export async function launch(place: Place, tools: Tools, settings?: Record<string, string>): Promise<Launched> {
  if (process.platform !== 'win32') await chmod(place.data, 0o700);
  let report = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = await pickPort(place);
    const since = await logSize(place);
    const started = await spawnServer(place, tools, serverArguments(place.data, port, settings));
    takeAlong(started);
    if (await becomesReady(started, place)) {
      await rememberPort(place, port);
      return { ...started, port };
    }
    if (!started.hasExited()) await stopPostmaster(place, tools, started.pid);
    report = await logTail(place, since);
    if (!PORT_TAKEN.test(report)) break;
  }
  throw embeddedError(
    `PostgreSQL did not start on ${place.data}. Its log (${place.log}) ends with:\n${report}\n` +
      'If the folder is not on a local disk, set PULSE_DATA_DIR to one that is; or set DATABASE_URL to another server.',
  );
}

/** In a session of its own: Ctrl-C in the terminal must reach Pulse, which drains first, and not PostgreSQL. */
async function spawnServer(place: Place, tools: Tools, args: string[]): Promise<Attempt> {
  const log = await openLog(place);
  try {
    const options = { ...spawnOptions(tools.user), detached: true };
    const child = spawn(tools.postgres, args, { ...options, stdio: ['ignore', log.fd, log.fd] });
    let exited = false;
    const exit = new Promise<Exit>((resolve, reject) => {
      child.once('exit', (code) => resolve({ code }));
      child.once('error', reject);
    });
    void exit.catch(() => undefined).finally(() => (exited = true));
    if (child.pid === undefined) await exit;
    child.unref();
    return { pid: child.pid ?? 0, exit, hasExited: () => exited, hold: () => child.ref() };
  } finally {
    await log.close();
  }
}

/** A process that ends without stop() (uncaught error, process.exit) ends PostgreSQL too: SIGINT is a fast shutdown. */
function takeAlong({ pid, exit }: Attempt): void {
  const interrupt = (): void => {
    try {
      process.kill(pid, 'SIGINT');
    } catch {
      // It ended in this very moment.
    }
  };
  process.once('exit', interrupt);
  const forget = (): void => void process.off('exit', interrupt);
  exit.then(forget, forget);
}

/** Recovery after a crash may take its time and reports every ten seconds: only a minute of silence is a failure. */
async function becomesReady(started: Attempt, place: Place): Promise<boolean> {
  let size = await logSize(place);
  let deadline = Date.now() + SILENCE_MS;
  while (!started.hasExited() && Date.now() < deadline) {
    const postmaster = await findPostmaster(place);
    if (postmaster?.ready && postmaster.pid === started.pid) return true;
    await sleep(POLL_MS);
    const grown = await logSize(place);
    if (grown !== size) deadline = Date.now() + SILENCE_MS;
    size = grown;
  }
  return false;
}
