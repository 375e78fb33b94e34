import pg from 'pg';
import { rethrow } from './failures.js';
import { typeParsers } from './types.js';

export interface PoolSettings {
  connectTimeoutMs: number;
  statementTimeoutMs: number;
}

/** A pool whose waits all end; its connections are made when they are needed. */
export function makePool(settings: PoolSettings, url: string, options: pg.PoolConfig & { pipeline?: boolean }): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    statement_timeout: settings.statementTimeoutMs,
    // On this side too: a server that is frozen cannot tell that time is up.
    query_timeout: settings.statementTimeoutMs + 1_000,
    lock_timeout: settings.statementTimeoutMs,
    idle_in_transaction_session_timeout: 2 * settings.statementTimeoutMs,
    options: '-c TimeZone=UTC',
    types: typeParsers,
    ...options,
    min: options.max,
  });
  // A connection that breaks while nobody waits on it is replaced by the pool; unheard, its error would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Opens all connections of some pools. */
export async function warmUp(pools: pg.Pool[]): Promise<void> {
  const asked = pools.flatMap((pool) => Array.from({ length: pool.options.max }, () => pool.connect()));
  const answers = await Promise.allSettled(asked);
  // Those that came are given back also when others did not: a pool ends only when it has all of its connections.
  for (const answer of answers) if (answer.status === 'fulfilled') answer.value.release();
  await Promise.all(asked).catch(rethrow);
}
