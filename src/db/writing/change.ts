import type { Caller } from '../../caller.js';
import { conflict } from '../../errors.js';
import type { Database, Transaction } from '../database.js';
import { isUuid } from '../../lib/uuid.js';
import { claimKey, type IdempotencyClaim } from './idempotency.js';
import { isTransient } from '../sql-state.js';
import { erase } from './erasures.js';
import { writeFacts, type Origin } from './facts.js';
import type { Beforehand } from '../loaders.js';
import type { AtEnd } from '../write.js';
import { keptFor } from './kept.js';
import { run } from './locks.js';
import { openWriter, type Writer } from './writer.js';

/** One mutation field as the database side needs it. */
export interface WriteRequest {
  caller: Caller;
  database: Pick<Database, 'write' | 'scope'>;
  origin: Origin;
  /** What `@idempotent` asked for; null without it. */
  idempotency: IdempotencyClaim | null;
  /** What reads the record after the change in the same transaction, right before it commits; null: nobody wants it. */
  beforehand?: ((recordId: string) => Beforehand | null) | undefined;
}

/** Attempts at a change that lost against another one (deadlock, serialization); each waits a little longer. */
const MOST_ATTEMPTS = 6;

/**
 * The only way to write: one transaction with its work, its facts and its idempotency key. The work writes through the
 * writer, which notes a fact a changed record; work that changes nothing leaves no fact.
 *
 * @param recordId what the change is about; what a repeated idempotency key answers.
 * @returns the id of the record: `recordId`, or the one of the first call with the same key.
 * @throws DomainError of the work; CONFLICT when the change kept losing against others.
 */
export async function change(request: WriteRequest, recordId: string, work: (writer: Writer) => Promise<void>): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await request.database.write(request.caller.orgId, (tx, atEnd) =>
        attemptChange({ tx, atEnd }, request, recordId, work),
      );
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (attempt === MOST_ATTEMPTS)
        throw conflict('Others are changing the same records. Try again in a moment.', { retryAfterSeconds: 1 });
      await pause(attempt * attempt * 5 * (0.5 + Math.random()));
    }
  }
}

async function attemptChange(
  { tx, atEnd }: { tx: Transaction; atEnd: AtEnd },
  request: WriteRequest,
  recordId: string,
  work: (writer: Writer) => Promise<void>,
): Promise<string> {
  const { caller, database, origin, idempotency } = request;
  // What is no UUID is no record: the work says so, and there is nothing to remember.
  const known = idempotency && isUuid(recordId) ? await claimKey(tx, caller, idempotency, recordId) : null;
  if (known) return known;
  const kept = keptFor(caller, database.scope);
  const { writer, facts, erasures, last } = openWriter(tx, caller, database.scope, kept);
  await work(writer);
  for (const statement of last) {
    if (erasures.length === 0) atEnd(statement);
    else await run(tx, statement);
  }
  const shown = erasures.length === 0 ? request.beforehand?.(recordId) : null;
  if (shown) atEnd(shown.statement, shown.take);
  // Last: the head row is locked from here to the commit, so that the order of seq is the order of commits.
  if (facts.length > 0)
    await writeFacts({ tx, caller, origin, kept, graph: database.scope.graph }, facts, erasures.length > 0 ? null : atEnd);
  if (erasures.length > 0) await erase(tx, caller, origin, erasures);
  return recordId;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
