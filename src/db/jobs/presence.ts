import pg from 'pg';

/** First half of the advisory locks' key; jobs.reclaim in prisma/access.sql has the same number. */
const PRESENCE = 7_285_732;
const RECONNECT_MS = 1_000;
/** A machine that is gone without a word is noticed in half a minute. */
const KEEPALIVE = '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3';

/** A sign of life: while this process lives and reaches the database, nobody takes away the jobs it has taken as `name`. */
export interface Presence {
  end(): Promise<void>;
}

/**
 * Holds an advisory lock in a session of its own. PostgreSQL drops it when the process dies. A session that is lost
 * meanwhile is opened again.
 */
export async function showPresence(url: string, name: string): Promise<Presence> {
  let over = false;
  let session = await hold(url, name);
  const renew = async (): Promise<void> => {
    while (!over) {
      await pause(RECONNECT_MS);
      const opened = await hold(url, name).catch(() => null);
      if (!opened) continue;
      session = opened;
      watch();
      return;
    }
  };
  const watch = (): void => {
    session.once('end', () => void renew());
  };
  watch();
  const end = async (): Promise<void> => {
    over = true;
    await session.end().catch(() => undefined);
  };
  return { end };
}

async function hold(url: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, options: KEEPALIVE });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1, hashtext($2))', [PRESENCE, name]);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return client;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
