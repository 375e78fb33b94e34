import type { Pool, PoolClient } from 'pg';
import type { Statement } from './engine/sql.js';
import { translateFailure } from './failures.js';
import type { StatementLog } from './statements.js';
import { isUuid } from '../lib/uuid.js';

/** One consistent view of one organization: a read-only REPEATABLE READ transaction, opened by the first statement. */
export interface Snapshot {
  /** @throws what the first failed statement of this snapshot threw, for every statement after it too. */
  query<Answer>(statement: Statement): Promise<Answer[]>;
  /** Ends the transaction and gives the connection back; later statements are refused. */
  close(): void;
}

/** @see Snapshot */
export function openSnapshot(pool: Pool, orgId: string, log: StatementLog): Snapshot {
  if (!isUuid(orgId)) throw new Error('The tenant of a snapshot must be a UUID.');
  let connection: Promise<PoolClient> | undefined;
  let failure: Error | undefined;
  let closed = false;

  const fail = (error: unknown): void => {
    failure ??= asError(translateFailure(error));
  };
  const checkFailure = (): void => {
    if (failure) throw failure;
  };
  const query = async <Answer>({ text, values }: Statement): Promise<Answer[]> => {
    if (closed) throw new Error('This snapshot is closed.');
    try {
      const client = await (connection ??= begin(pool, orgId, log, fail));
      checkFailure();
      log.count(text);
      const result = await client.query({ name: log.nameOf(text), text, values: values as unknown[] });
      checkFailure();
      return result.rows as Answer[];
    } catch (error) {
      fail(error);
      throw failure ?? asError(error);
    }
  };
  const close = (): void => {
    if (closed) return;
    closed = true;
    connection?.then(
      (client) => end(client, failure),
      () => undefined,
    );
  };
  return { query, close };
}

async function begin(pool: Pool, orgId: string, log: StatementLog, fail: (error: unknown) => void): Promise<PoolClient> {
  const client = await pool.connect();
  log.count('BEGIN');
  // Not awaited on its own: the first statement travels behind it in the same packet (the pool's clients pipeline).
  client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL app.org_id = '${orgId}'`).catch(fail);
  return client;
}

function asError(error: unknown): Error {
  return error instanceof Error
    ? error
    : new Error(String((error as { message?: string } | null)?.message ?? error), { cause: error });
}

/** A connection whose transaction failed to end is not given back but thrown away. */
function end(client: PoolClient, failure: Error | undefined): void {
  client.query(failure ? 'ROLLBACK' : 'COMMIT').then(
    () => client.release(),
    (error: Error) => client.release(error),
  );
}
