import { EventEmitter, once } from 'node:events';
import { runTaskList, WorkerPreset, type SharedOptions, type WorkerEvents, type WorkerPool } from 'graphile-worker';
import type pg from 'pg';
import type { Anchor } from '../chain/anchors.js';
import { libraryLog } from './library-log.js';
import { openPresence, type Presence } from './presence.js';
import { toTasks, type JobFailure, type Task } from './tasks.js';

export interface JobSettings {
  /** Connection of the worker's role. */
  url: string;
  tasks: Record<string, Task>;
  /** Is told of every attempt that failed; the job is tried again, a little later each time. */
  onFailure: (failure: JobFailure) => void;
  /** Is told when the queue cannot be reached. */
  onTrouble: (message: string) => void;
  /** Keeps outside where the chains of the audit stand; called once an hour. */
  keepHeads?: (read: () => Promise<Anchor[]>) => Promise<void>;
}

/** Workers of the library under one name. */
export interface Crew {
  stop(): Promise<void>;
}

/** Jobs are announced; this is for those that are due later, or were announced while nobody listened. */
const POLL_MS = 1_000;

/**
 * Starts workers. The library stops them when a job's end cannot be noted, because the database is away; and then waits
 * for ever (0.17.3: its batch keeps one pending after a failure). `onBroken` is told, and may start others: what these
 * have begun goes on, and what they could not note is reclaimed and done again.
 */
export function startCrew(settings: JobSettings, pool: pg.Pool, size: number, onBroken: () => void): Crew {
  const events = new EventEmitter() as WorkerEvents;
  let running = 0;
  let state: 'works' | 'stops' | 'broken' = 'works';
  const counted = (task: Task): Task => {
    return async (job) => {
      running += 1;
      await task(job).finally(() => (running -= 1));
    };
  };
  const tasks = Object.fromEntries(Object.entries(settings.tasks).map(([name, task]) => [name, counted(task)]));
  const { options, presence } = sharedOptions(settings);
  const workers = runTaskList(
    { ...options, events, concurrency: size, pollInterval: POLL_MS },
    toTasks(tasks, settings.onFailure),
    pool,
  );
  workers.promise.catch((error: Error) => settings.onTrouble(error.message));
  events.on('pool:gracefulShutdown', () => {
    if (state !== 'works') return;
    state = 'broken';
    onBroken();
    void idle(() => running === 0).then(() => presence()?.end());
  });
  const stop = async (): Promise<void> => {
    if (state === 'broken') return idle(() => running === 0);
    state = 'stops';
    const broken = once(events, 'pool:fatalError');
    await Promise.race([workers.gracefulShutdown(), broken]).catch(() => undefined);
    await presence()?.end();
  };
  return { stop };
}

/** Signals are the process's own business, and nobody takes a job before it shows that it is there. */
export function sharedOptions({ url, onTrouble }: Pick<JobSettings, 'url' | 'onTrouble'>): {
  options: SharedOptions & { noHandleSignals: true };
  presence: () => Presence | undefined;
} {
  let presence: Presence | undefined;
  const show = (workerPool: WorkerPool): Promise<void> => (presence ??= openPresence(url, workerPool.id)).shown;
  const options: SharedOptions & { noHandleSignals: true } = {
    noHandleSignals: true,
    logger: libraryLog(onTrouble),
    preset: {
      extends: [WorkerPreset],
      // Without batches a job's end that cannot be noted is a rejection that nobody handles, and the end of the process.
      worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 },
      plugins: [
        {
          name: 'PulsePresencePlugin',
          version: '1.0.0',
          worker: { hooks: { startWorker: (_, { worker }) => show(worker.workerPool) } },
        },
      ],
    },
  };
  return { options, presence: () => presence };
}

async function idle(isIdle: () => boolean): Promise<void> {
  while (!isIdle()) await new Promise((resolve) => setTimeout(resolve, 20));
}
