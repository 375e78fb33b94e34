import pg from 'pg';
import { headsNow } from '../chain/anchors.js';
import { poolState, type PoolState } from '../pool-state.js';
import type { Crew, JobSettings } from './crew.js';
import { toTasks } from './tasks.js';

export type { JobSettings } from './crew.js';

export interface JobRunner {
  /** Takes no more jobs and lets those that run finish. */
  stop(): Promise<void>;
  /** How the queue's pool is doing just now. */
  pool(): PoolState;
}

const AT_ONCE = 4;
const RECLAIM_MS = 5_000;
const SWEEP_MS = 3_600_000;
/** After a start, which may be one of many. */
const FIRST_SWEEP_MS = 60_000;

/** Does jobs as they come, and those of workers that died, whatever becomes of the database meanwhile. */
export async function runJobs(settings: JobSettings): Promise<JobRunner> {
  // The library is loaded where jobs are done, and nowhere else.
  const { startCrew } = await import('./crew.js');
  const pool = openPool(settings, AT_ONCE + 2);
  const call = (name: 'reclaim' | 'sweep' | 'purge_organizations' | 'plan_retention') => (): void => {
    pool.query(`SELECT jobs.${name}()`).catch((error: Error) => settings.onTrouble(error.message));
  };
  try {
    await pool.query('SELECT jobs.reclaim()');
  } catch (error) {
    await pool.end();
    throw error;
  }
  const crews: Crew[] = [];
  let stopped = false;
  const start = (): void => {
    if (!stopped) crews.push(startCrew(settings, pool, AT_ONCE, start));
  };
  start();
  const keepHeads = (): void => void settings.keepHeads?.(() => headsNow(pool));
  const timers = [
    setInterval(call('reclaim'), RECLAIM_MS),
    setInterval(call('sweep'), SWEEP_MS),
    setInterval(call('purge_organizations'), SWEEP_MS),
    setInterval(call('plan_retention'), SWEEP_MS),
    setInterval(keepHeads, SWEEP_MS),
  ];
  const first = [setTimeout(call('sweep'), FIRST_SWEEP_MS), setTimeout(call('plan_retention'), FIRST_SWEEP_MS)];
  keepHeads();
  const stop = async (): Promise<void> => {
    stopped = true;
    for (const timer of [...timers, ...first]) clearTimeout(timer);
    await Promise.all(crews.map((crew) => crew.stop()));
    await pool.end();
  };
  return { stop, pool: () => poolState('jobs', pool) };
}

/** Does the jobs that are due now, one after the other, and comes back. */
export async function runJobsOnce(settings: JobSettings): Promise<void> {
  const { runTaskListOnce } = await import('graphile-worker');
  const { sharedOptions } = await import('./crew.js');
  const pool = openPool(settings, 1);
  const client = await pool.connect();
  const { options, presence } = sharedOptions(settings);
  try {
    await runTaskListOnce(options, toTasks(settings.tasks, settings.onFailure), client).promise;
  } finally {
    client.release();
    await presence()?.end();
    await pool.end();
  }
}

function openPool({ url }: JobSettings, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max, connectionTimeoutMillis: 10_000, options: '-c TimeZone=UTC' });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
