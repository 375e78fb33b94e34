import type { Pool, QueryConfig } from 'pg';
import { unavailable } from '../errors.js';
import { translateFailure } from './failures.js';

/** For one answer; who asks whether we are ready has to know within two seconds. */
const PING_TIMEOUT_MS = 1_000;

/** @see Database.checkReady */
export async function checkReady(readPool: Pool, signinPool: Pool, migrations: readonly string[]): Promise<void> {
  const [{ rows }] = await Promise.all([
    readPool.query<{ applied: number }>(
      timed(
        `SELECT count(*)::int AS applied FROM public._prisma_migrations
         WHERE migration_name = ANY($1) AND finished_at IS NOT NULL AND rolled_back_at IS NULL`,
        [migrations],
      ),
    ),
    signinPool.query(timed('SELECT 1', [])),
  ]).catch((error: unknown) => {
    throw translateFailure(error);
  });
  if (rows[0]?.applied !== migrations.length) throw unavailable();
}

function timed(text: string, values: unknown[]): QueryConfig {
  return { text, values, query_timeout: PING_TIMEOUT_MS } as QueryConfig;
}
