import { runMigrations } from 'graphile-worker';
import pg, { type Client } from 'pg';
import { libraryLog } from '../jobs/library-log.js';
import type { Migration } from './migrate.js';

/**
 * Brings the library's own schema `graphile_worker` up to date, as the owner. The caller holds the set-up lock.
 *
 * @returns its state, in the shape of a migration: the access rules depend on it.
 */
export async function setUpJobs(client: Client, ownerUrl: string): Promise<Migration> {
  const pgPool = new pg.Pool({ connectionString: ownerUrl, max: 1, connectionTimeoutMillis: 10_000 });
  pgPool.on('error', () => undefined);
  pgPool.on('connect', (each) => each.on('error', () => undefined));
  try {
    await runMigrations({ pgPool, logger: libraryLog(() => undefined) });
  } finally {
    await pgPool.end();
  }
  const { rows } = await client.query<{ latest: number }>('SELECT max(id) AS latest FROM graphile_worker.migrations');
  const latest = String(rows[0]?.latest);
  return { name: 'graphile_worker', sql: '', checksum: latest };
}
