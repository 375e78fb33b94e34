import pg from 'pg';

/**
 * Lends a connection and ends it. After a failure the socket is cut: a COPY that stopped half-way would keep `end()`
 * waiting for rows that nobody reads.
 */
export async function withConnection<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect().catch((error: unknown) => {
    throw new Error(`Could not open ${placeOf(url)}: ${messageOf(error)}.`, { cause: error });
  });
  try {
    const result = await work(client);
    await client.end();
    return result;
  } catch (error) {
    cutOff(client);
    throw error;
  }
}

/** Runs the work in one transaction with the settings under which text is written and read alike on every server. */
export async function inTransaction<Result>(client: pg.Client, kind: string, work: () => Promise<Result>): Promise<Result> {
  await client.query(`BEGIN ${kind}`);
  await client.query(SAME_EVERYWHERE);
  const result = await work();
  await client.query('COMMIT');
  return result;
}

/** Names a database without its password. */
export function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `the database ${decodeURIComponent(pathname.slice(1))} on ${hostname}:${port || '5432'}`;
}

/** The first line of what went wrong; details and context, which quote people's data, stay out. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/[.\s]+$/, '');
}

/** Ends the session without a word: the server rolls back. */
function cutOff(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy: () => void } } }).connection.stream.destroy();
}

const SAME_EVERYWHERE = `
  SET LOCAL client_encoding = 'UTF8';
  SET LOCAL DateStyle = 'ISO, YMD';
  SET LOCAL IntervalStyle = 'postgres';
  SET LOCAL TimeZone = 'UTC';
  SET LOCAL bytea_output = 'hex';
  SET LOCAL extra_float_digits = 3;
  SET LOCAL statement_timeout = 0;
  SET LOCAL lock_timeout = 0;
  SET LOCAL idle_in_transaction_session_timeout = 0`;
