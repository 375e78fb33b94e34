import { runTaskList, runTaskListOnce, WorkerPreset, type SharedOptions, type WorkerPool } from 'graphile-worker';
import pg from 'pg';
import { libraryLog } from './library-log.js';
import { showPresence, type Presence } from './presence.js';
import { toTasks, type JobFailure, type Task } from './tasks.js';

export interface JobSettings {
  /** Connection of the worker's role. */
  url: string;
  tasks: Record<string, Task>;
  /** Is told of every attempt that failed; the job is tried again, a little later each time. */
  onFailure: (failure: JobFailure) => void;
  /** Is told when the queue cannot be reached. */
  onTrouble: (message: string) => void;
}

export interface JobRunner {
  /** Takes no more jobs and lets those that run finish. */
  stop(): Promise<void>;
}

const AT_ONCE = 4;
/** Jobs are announced; this is for those that are due later, or were announced while nobody listened. */
const POLL_MS = 1_000;
const RECLAIM_MS = 5_000;
const SWEEP_MS = 3_600_000;
/** After a start, which may be one of many. */
const FIRST_SWEEP_MS = 60_000;

/** Does jobs as they come, and those of workers that died. */
export async function runJobs(settings: JobSettings): Promise<JobRunner> {
  const pool = openPool(settings, AT_ONCE + 2);
  const presences: Presence[] = [];
  try {
    await pool.query('SELECT jobs.reclaim()');
  } catch (error) {
    await pool.end();
    throw error;
  }
  const options = { ...sharedOptions(settings, presences), concurrency: AT_ONCE, pollInterval: POLL_MS };
  const workers = runTaskList(options, toTasks(settings.tasks, settings.onFailure), pool);
  const call = (name: 'reclaim' | 'sweep') => (): void => {
    pool.query(`SELECT jobs.${name}()`).catch((error: Error) => settings.onTrouble(error.message));
  };
  const timers = [setInterval(call('reclaim'), RECLAIM_MS), setInterval(call('sweep'), SWEEP_MS)];
  const firstSweep = setTimeout(call('sweep'), FIRST_SWEEP_MS);
  const stop = async (): Promise<void> => {
    for (const timer of [...timers, firstSweep]) clearTimeout(timer);
    await workers.gracefulShutdown();
    await Promise.all(presences.map((each) => each.end()));
    await pool.end();
  };
  // Also rejects when a job could not be handed back; jobs.reclaim does that.
  workers.promise.catch((error: Error) => settings.onTrouble(error.message));
  return { stop };
}

/** Does the jobs that are due now, one after the other, and comes back. */
export async function runJobsOnce(settings: JobSettings): Promise<void> {
  const pool = openPool(settings, 1);
  const presences: Presence[] = [];
  const client = await pool.connect();
  try {
    await runTaskListOnce(sharedOptions(settings, presences), toTasks(settings.tasks, settings.onFailure), client).promise;
  } finally {
    client.release();
    await Promise.all(presences.map((each) => each.end()));
    await pool.end();
  }
}

function openPool({ url }: JobSettings, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max, connectionTimeoutMillis: 10_000, options: '-c TimeZone=UTC' });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Signals are the process's own business, and nobody takes a job before it shows that it is there. */
function sharedOptions({ url, onTrouble }: JobSettings, presences: Presence[]): SharedOptions & { noHandleSignals: true } {
  const shown = new Map<string, Promise<void>>();
  const show = async (workerPool: WorkerPool): Promise<void> => {
    const name = workerPool.id;
    if (!shown.has(name))
      shown.set(
        name,
        showPresence(url, name).then((presence) => void presences.push(presence)),
      );
    await shown.get(name);
  };
  return {
    noHandleSignals: true,
    logger: libraryLog(onTrouble),
    preset: {
      extends: [WorkerPreset],
      plugins: [
        {
          name: 'PulsePresencePlugin',
          version: '1.0.0',
          worker: { hooks: { startWorker: (_, { worker }) => show(worker.workerPool) } },
        },
      ],
    },
  };
}
