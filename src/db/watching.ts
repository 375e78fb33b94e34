import type { Pool, PoolClient } from 'pg';
import type { Watch } from '../watch.js';
import type { Snapshot } from './snapshot.js';

/** A snapshot that counts its statements. */
export function watched(snapshot: Snapshot, watch: Watch | undefined): Snapshot {
  if (!watch) return snapshot;
  return {
    ...snapshot,
    query: (statement) => {
      watch.statements += 1;
      return snapshot.query(statement);
    },
  };
}

/** Makes a pool's connections count their statements for whom they work; Prisma, which sends them, tells nobody for whom. */
export function watchStatements(pool: Pool): (client: PoolClient, watch: Watch | undefined) => void {
  const watches = new WeakMap<PoolClient, Watch>();
  pool.on('connect', (client) => {
    const send = client.query.bind(client) as (...sent: unknown[]) => unknown;
    const counted = (...sent: unknown[]): unknown => {
      const watch = watches.get(client);
      if (watch) watch.statements += 1;
      return send(...sent);
    };
    client.query = counted as PoolClient['query'];
  });
  return (client, watch) => void (watch ? watches.set(client, watch) : watches.delete(client));
}
