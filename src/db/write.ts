import type { PoolClient, QueryResult } from 'pg';
import { isUnavailable } from '../errors.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import { isUuid } from '../lib/uuid.js';
import type { DatabaseSettings, Transaction } from './database.js';
import { translateFailure } from './failures.js';
import type { StatementLog } from './statements.js';
import { cancel, cutOff } from './stop.js';
import type { Watch } from '../watch.js';
import { codeOf, type WatchClient } from './watching.js';

/** Prisma, and the connections it writes with. */
export interface WritePool {
  prisma: PrismaClient;
  backends: ReadonlyMap<number, PoolClient>;
  watch: WatchClient;
  log: Pick<StatementLog, 'nameOf'>;
}

interface Write<Result> {
  orgId: string;
  work: (tx: Transaction) => Promise<Result>;
  signal: AbortSignal | undefined;
  watch: Watch | undefined;
}

/** For a statement to stop when it is cancelled, before its connection is cut. */
const STOP_MS = 1_000;

/** @see Database.write */
export async function writeIn<Result>(
  { prisma, backends, watch: watchClient, log }: WritePool,
  { statementTimeoutMs, connectTimeoutMs }: Pick<DatabaseSettings, 'statementTimeoutMs' | 'connectTimeoutMs'>,
  { orgId, work, signal, watch }: Write<Result>,
): Promise<Result> {
  if (!isUuid(orgId)) throw new Error('The tenant of a transaction must be a UUID.');
  signal?.throwIfAborted();
  let client: PoolClient | undefined;
  let stopping: Stopping | undefined;
  let unwatch: (() => void) | undefined;
  let failed: string | undefined;
  const span = watch?.span?.begin('transaction') ?? null;
  const stop = (): void => void (stopping = client && stopStatement(client));
  signal?.addEventListener('abort', stop);
  // A change is several statements, for a long stage of deals a dozen; each is bounded by the server's statement timeout.
  const limits = { timeout: 6 * statementTimeoutMs, maxWait: 2 * connectTimeoutMs };
  try {
    return await prisma.$transaction(async (tx) => {
      client = backends.get(await begin(tx, orgId));
      if (client && watch) unwatch = watchClient(client, { watch, span });
      signal?.throwIfAborted();
      return work(client ? directly(tx, client, log) : tx);
    }, limits);
  } catch (error) {
    failed = codeOf(error);
    const failure: unknown = signal?.aborted ? signal.reason : translateFailure(error);
    // pg gives up waiting for an answer, but not the connection that owes it. What the work itself calls unavailable is something else.
    if (client && failure !== error && isUnavailable(failure)) cutOff(client);
    throw failure;
  } finally {
    unwatch?.();
    span?.end(failed);
    signal?.removeEventListener('abort', stop);
    await stopping?.over();
  }
}

/** Prisma does not tell which of the connections it took; PostgreSQL does, in the same round trip. */
async function begin(tx: Transaction, orgId: string): Promise<number> {
  const [row] = await tx.$queryRawUnsafe<{ pid: number }[]>(
    `SELECT pg_backend_pid() AS pid, set_config('app.org_id', '${orgId}', true)`,
  );
  return row?.pid ?? 0;
}

/**
 * The transaction with raw statements that go straight to its connection, prepared there: through Prisma each takes five times the processor
 * time here and is planned anew. Their values are those of db/types.ts.
 */
function directly(tx: Transaction, client: PoolClient, log: WritePool['log']): Transaction {
  const send = (text: string, values: unknown[]): Promise<QueryResult> => client.query({ name: log.nameOf(text), text, values });
  const raw = new Map<string | symbol, unknown>([
    ['$queryRawUnsafe', async (text: string, ...values: unknown[]) => (await send(text, values)).rows as unknown[]],
    ['$executeRawUnsafe', async (text: string, ...values: unknown[]) => (await send(text, values)).rowCount ?? 0],
  ]);
  return new Proxy(tx, { get: (target, name): unknown => raw.get(name) ?? Reflect.get(target, name) });
}

interface Stopping {
  /** Resolves when nothing can hit the connection's next user any more. */
  over(): Promise<void>;
}

function stopStatement(client: PoolClient): Stopping {
  const cancelled = cancel(client);
  const cut = setTimeout(() => cutOff(client), STOP_MS);
  return {
    over: () => {
      clearTimeout(cut);
      return cancelled;
    },
  };
}
