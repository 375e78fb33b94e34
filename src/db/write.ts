import type { Pool, PoolClient } from 'pg';
import { isUnavailable } from '../errors.js';
import { isUuid } from '../lib/uuid.js';
import type { DatabaseSettings, Transaction } from './database.js';
import type { Statement } from './engine/sql.js';
import { translateFailure } from './failures.js';
import type { Joining } from './joining.js';
import { inOnePacket } from './packets.js';
import type { StatementLog } from './statements.js';
import { cutOff, stopperOf, type Stopper } from './stop.js';
import { openTransaction, type Send } from './transaction.js';
import type { Watch } from '../watch.js';
import { codeOf, type WatchClient } from './watching.js';

/** The connections that are written with, and Prisma, which joins their transactions. */
export interface WritePool {
  pool: Pool;
  joining: Joining;
  watch: WatchClient;
  log: Pick<StatementLog, 'nameOf'>;
}

/**
 * Has a statement sent last, in one packet with COMMIT. Where it fails nothing of the transaction happens.
 *
 * @param take is given its rows, once the transaction is committed.
 */
export type AtEnd = (statement: Statement, take?: (rows: readonly unknown[]) => void) => void;

/** What is done in a transaction. */
export type Work<Result> = (tx: Transaction, atEnd: AtEnd) => Promise<Result>;

interface Write<Result> {
  orgId: string;
  work: Work<Result>;
  signal: AbortSignal | undefined;
  watch: Watch | undefined;
}

/** @see Database.write */
export async function writeIn<Result>(
  writing: WritePool,
  { statementTimeoutMs }: Pick<DatabaseSettings, 'statementTimeoutMs'>,
  { orgId, work, signal, watch }: Write<Result>,
): Promise<Result> {
  if (!isUuid(orgId)) throw new Error('The tenant of a transaction must be a UUID.');
  signal?.throwIfAborted();
  const span = watch?.span?.begin('transaction') ?? null;
  let failed: string | undefined;
  let unwatch: (() => void) | undefined;
  try {
    const client = await writing.pool.connect();
    unwatch = watch && writing.watch(client, { watch, span });
    // A change is several statements, for a long stage of deals a dozen; each is bounded by the server's statement timeout.
    return await transact(writing, client, { orgId, work, limitMs: 6 * statementTimeoutMs, signal });
  } catch (error) {
    const failure = translateFailure(error);
    failed = codeOf(failure);
    throw failure;
  } finally {
    unwatch?.();
    span?.end(failed);
  }
}

interface Task<Result> extends Pick<Write<Result>, 'orgId' | 'work' | 'signal'> {
  limitMs: number;
}

/** From BEGIN to COMMIT or ROLLBACK; gives the connection back, or throws it away where its transaction did not end. */
async function transact<Result>(
  { joining, log }: WritePool,
  client: PoolClient,
  { orgId, work, limitMs, signal }: Task<Result>,
): Promise<Result> {
  let broken: Error | undefined;
  const stopper = stopperOf(client, limitMs, signal);
  const send = sender({ client, log, stopper, begun: begin(client, orgId) });
  const { tx, leave } = openTransaction(send, () => joining.join(client, limitMs));
  try {
    const last: Last[] = [];
    const result = await work(tx, (statement, take) => void last.push({ statement, take }));
    await leave();
    // Refused here, not by `send`: the commit would leave without the statement that belongs to it.
    stopper.check();
    await commit(client, send, last);
    return result;
  } catch (error) {
    const failure = translateFailure(error);
    // pg gives up waiting for an answer, but not the connection that owes it. What the work itself calls unavailable is something else.
    if (failure !== error && isUnavailable(failure)) cutOff(client);
    await Promise.allSettled([leave(), stopper.over()]);
    await client.query('ROLLBACK').catch((refused: Error) => (broken = refused));
    throw stopper.reason() ?? failure;
  } finally {
    await stopper.over();
    client.release(broken);
  }
}

/** Not awaited on its own: it leaves with the first statement, which then waits for both. */
function begin(client: PoolClient, orgId: string): Promise<unknown> {
  inOnePacket(client);
  const begun = client.query(`BEGIN; SET LOCAL app.org_id = '${orgId}'`);
  begun.catch(() => undefined);
  return begun;
}

interface Sender {
  client: PoolClient;
  log: WritePool['log'];
  stopper: Stopper;
  begun: Promise<unknown>;
}

function sender({ client, log, stopper, begun }: Sender): Send {
  return async (text, values) => {
    stopper.check();
    inOnePacket(client);
    const answer = await client.query({ name: log.nameOf(text), text, values: values as unknown[] });
    await begun;
    return answer;
  };
}

interface Last {
  statement: Statement;
  take: Parameters<AtEnd>[1];
}

/** Of a transaction that failed COMMIT rolls back, and says so. */
async function commit(client: PoolClient, send: Send, last: readonly Last[]): Promise<void> {
  const sent = Promise.all(last.map(({ statement: { text, values } }) => send(text, values)));
  const [answers, { command }] = await Promise.all([sent, client.query('COMMIT')]);
  if (command !== 'COMMIT') throw new Error('A statement of this transaction failed, and nobody heard of it.');
  last.forEach(({ take }, index) => take?.(answers[index]?.rows ?? []));
}
