import { connectionsOf } from '../pool-sizes.js';
import { connect } from './connect.js';

/** What several processes want of one database. */
export interface Wanted {
  /** Processes that serve. */
  processes: number;
  /** DATABASE_POOL_SIZE. */
  poolSize: number;
  /** Whether one more does jobs. */
  hasJobs: boolean;
}

/** Beside its pools a process that does jobs has those of the queue, a listener and a sign of life. */
const QUEUE = 8;
/** For whoever has to look at the database: backups, a migration, a person. */
const LEFT_FREE = 5;
/** DATABASE_POOL_SIZE has no smaller one. */
const SMALLEST = 2;

/**
 * The largest pool size up to the one wanted with which all processes fit into what the database still has.
 *
 * @param ownerUrl is asked how many connections there may be, and are.
 * @throws Error a sentence when not even the smallest pools fit.
 */
export async function fitPools(ownerUrl: string, wanted: Wanted): Promise<number> {
  return largestFit(await freeConnections(ownerUrl), wanted);
}

/** @see fitPools @param free connections that may still be opened. */
export function largestFit(free: number, { processes, poolSize, hasJobs }: Wanted): number {
  const all = (size: number): number => processes * connectionsOf(size) + (hasJobs ? connectionsOf(size) + QUEUE : 0) + LEFT_FREE;
  let size = poolSize;
  while (size > SMALLEST && all(size) > free) size -= 1;
  if (all(size) <= free) return size;
  throw new Error(
    `PostgreSQL has ${free} connections left, and ${processes} processes need ${all(size)} at least. ` +
      'Set a smaller WEB_CONCURRENCY, or a larger max_connections.',
  );
}

/** Those that are kept for superusers and others with a right to them are not ours to use. */
async function freeConnections(ownerUrl: string): Promise<number> {
  const client = await connect(ownerUrl);
  try {
    const { rows } = await client.query<{ free: number }>(
      `SELECT (least(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                     - coalesce(current_setting('reserved_connections', true)::int, 0),
                     (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()))
               - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()))::int AS free`,
    );
    return rows[0]?.free ?? 0;
  } finally {
    await client.end();
  }
}
