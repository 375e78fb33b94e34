import type { Caller } from '../../caller.js';
import { idempotencyInProgress, idempotencyMismatch } from '../../errors.js';
import type { Transaction } from '../database.js';
import { sqlState } from '../sql-state.js';

/** A client's key, and what it was used for. */
export interface IdempotencyClaim {
  key: string;
  /** Mutation field and hash of its arguments: equal requests have equal texts. */
  request: string;
}

const LOCK_NOT_AVAILABLE = '55P03';
const STATEMENT_TIMEOUT = '57014';

/**
 * Claims a key inside the change's own transaction. Another transaction that holds the same key is waited for: PostgreSQL
 * makes an insert of an equal key wait for the first one's commit or rollback.
 *
 * @returns the record of the first call when the key was used before, null when it is now this change's.
 * @throws DomainError IDEMPOTENCY_MISMATCH, IDEMPOTENCY_IN_PROGRESS.
 */
export async function claimKey(
  tx: Transaction,
  caller: Caller,
  claim: IdempotencyClaim,
  recordId: string,
): Promise<string | null> {
  const { orgId, userId, via } = caller;
  // Each API key has keys of its own, apart from those of the person who made it.
  const key = via.kind === 'API_KEY' ? `${via.keyId}/${claim.key}` : claim.key;
  const claimed = await tx.$executeRaw`
    INSERT INTO public.idempotency_keys AS k (org_id, user_id, key, request, record_id, expires_at)
    VALUES (${orgId}::uuid, ${userId}::uuid, ${key}, ${claim.request}, ${recordId}::uuid, now() + interval '24 hours')
    ON CONFLICT (org_id, user_id, key) DO UPDATE
      SET request = excluded.request, record_id = excluded.record_id, expires_at = excluded.expires_at
      WHERE k.expires_at < now()`.catch((error: unknown) => {
    throw [LOCK_NOT_AVAILABLE, STATEMENT_TIMEOUT].includes(sqlState(error)) ? idempotencyInProgress() : error;
  });
  if (claimed > 0) {
    await forgetSome(tx, caller);
    return null;
  }
  const known = await tx.idempotencyKey.findUniqueOrThrow({ where: { orgId_userId_key: { orgId, userId, key } } });
  if (known.request !== claim.request) throw idempotencyMismatch();
  return known.recordId;
}

/** Keys are swept by those who add new ones: a few for each, so that they never grow beyond a day's. */
async function forgetSome(tx: Transaction, { orgId }: Caller): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM public.idempotency_keys WHERE (org_id, user_id, key) IN (
      SELECT org_id, user_id, key FROM public.idempotency_keys
       WHERE org_id = ${orgId}::uuid AND expires_at < now() LIMIT 5 FOR UPDATE SKIP LOCKED)`;
}
