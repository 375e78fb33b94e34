import pg from 'pg';

/** First half of the advisory locks' key; jobs.reclaim in prisma/access.sql has the same number. */
const PRESENCE = 7_285_732;
const RECONNECT_MS = 500;
/** A machine that is gone without a word is noticed in half a minute. */
const KEEPALIVE = '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3';

/** A sign of life: while this process lives and reaches the database, nobody takes away the jobs it has taken as `name`. */
export interface Presence {
  /** Resolves once it can be seen, however long the database is away; rejects when it ends before. */
  shown: Promise<void>;
  end(): Promise<void>;
}

/**
 * Holds an advisory lock in a session of its own. PostgreSQL drops it when the process dies. A session that is lost
 * meanwhile is opened again.
 */
export function openPresence(url: string, name: string): Presence {
  let over = false;
  let session: pg.Client | undefined;
  const hold = async (): Promise<void> => {
    while (!over) {
      session = await holding(url, name).catch(() => undefined);
      if (session) break;
      await pause(RECONNECT_MS);
    }
    if (over) {
      await session?.end().catch(() => undefined);
      throw new Error('This worker has stopped.');
    }
    session?.once('end', () => void hold().catch(() => undefined));
  };
  const end = async (): Promise<void> => {
    over = true;
    await session?.end().catch(() => undefined);
  };
  const shown = hold();
  // Who waits for it hears of it; nobody may be waiting any more.
  shown.catch(() => undefined);
  return { shown, end };
}

async function holding(url: string, name: string): Promise<pg.Client> {
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
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
