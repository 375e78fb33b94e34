import type { Pool, PoolClient } from 'pg';
import type { Statement } from './engine/sql.js';
import { translateFailure } from './failures.js';
import { inOnePacket } from './packets.js';
import type { StatementLog } from './statements.js';
import { stopAndRelease } from './stop.js';
import { isUuid } from '../lib/uuid.js';

/** One consistent view of one organization: a read-only REPEATABLE READ transaction, opened by the first statement. */
export interface Snapshot {
  /** @throws what the first failed statement of this snapshot threw, for every statement after it too. */
  query<Answer>(statement: Statement): Promise<Answer[]>;
  /** Ends the transaction and gives the connection back; later statements are refused. */
  close(): void;
  /** The same, at once: a statement that is running is cancelled, and fails with `reason`. */
  abort(reason: Error): void;
}

interface State {
  connection: Promise<PoolClient> | undefined;
  failure: Error | undefined;
  closed: boolean;
  /** Statements that wait for their answer. */
  running: number;
  /** The end of the transaction, where it was sent with the last statement. */
  ending: Promise<unknown> | undefined;
}

/** @see Snapshot */
export function openSnapshot(pool: Pool, orgId: string, log: StatementLog): Snapshot {
  if (!isUuid(orgId)) throw new Error('The tenant of a snapshot must be a UUID.');
  const state: State = { connection: undefined, failure: undefined, closed: false, running: 0, ending: undefined };
  const fail = (error: unknown): void => {
    state.failure ??= asError(translateFailure(error));
  };
  const query = async <Answer>(statement: Statement): Promise<Answer[]> => {
    if (state.closed) throw new Error('This snapshot is closed.');
    if (state.ending) giveBack(state);
    try {
      const client = await (state.connection ??= begin(pool, orgId, log, fail));
      return await ask<Answer>(state, client, statement, log);
    } catch (error) {
      fail(error);
      throw state.failure ?? asError(error);
    }
  };
  return { query, close: () => close(state), abort: (reason) => abort(state, reason) };
}

async function ask<Answer>(state: State, client: PoolClient, statement: Statement, log: StatementLog): Promise<Answer[]> {
  const { text, values, isLast } = statement;
  checkFailure(state);
  log.count(text);
  state.running += 1;
  try {
    inOnePacket(client);
    const sent = client.query({ name: log.nameOf(text), text, values: values as unknown[] });
    if (isLast) {
      // In the same packet. Of a statement that fails, COMMIT rolls back.
      state.ending = client.query('COMMIT');
      state.ending.catch(() => undefined);
    }
    const result = await sent;
    checkFailure(state);
    return result.rows as Answer[];
  } finally {
    state.running -= 1;
  }
}

function checkFailure({ failure }: State): void {
  if (failure) throw failure;
}

function close(state: State): void {
  if (state.closed) return;
  state.closed = true;
  giveBack(state);
}

/** What was thought to be the last statement may not be: then what is read after it is a snapshot of its own. */
function giveBack(state: State): void {
  const { connection, failure, ending } = state;
  Object.assign(state, { connection: undefined, ending: undefined });
  connection?.then(
    (client) => end(client, failure, ending),
    () => undefined,
  );
}

function abort(state: State, reason: Error): void {
  if (state.closed) return;
  state.failure ??= reason;
  if (state.running === 0) return close(state);
  state.closed = true;
  void state.connection?.then(stopAndRelease);
}

async function begin(pool: Pool, orgId: string, log: StatementLog, fail: (error: unknown) => void): Promise<PoolClient> {
  const client = await pool.connect();
  log.count('BEGIN');
  // Not awaited on its own: the pool's clients pipeline.
  inOnePacket(client);
  client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL app.org_id = '${orgId}'`).catch(fail);
  return client;
}

function asError(error: unknown): Error {
  return error instanceof Error
    ? error
    : new Error(String((error as { message?: string } | null)?.message ?? error), { cause: error });
}

/** A connection whose transaction failed to end is not given back but thrown away. */
function end(client: PoolClient, failure: Error | undefined, ending: Promise<unknown> | undefined): void {
  (ending ?? client.query(failure ? 'ROLLBACK' : 'COMMIT')).then(
    () => client.release(),
    (error: Error) => client.release(error),
  );
}
