import { v7 as uuidv7 } from 'uuid';
import { change, type Reader, type WriteRequest } from '../../db/index.js';
import { checkReason } from './erasure.js';
import type { LegalHoldRow } from './graph.js';
import { canManagePrivacy, checkCanManagePrivacy } from './rules.js';

/** Keeps a contact from being erased until the hold is released. A deleted and a restricted one, too. */
export function placeLegalHold(request: WriteRequest, contactId: string, reason: string): Promise<string> {
  checkReason(reason);
  const id = uuidv7();
  return change(request, id, async (writer) => {
    const check = (): void => checkCanManagePrivacy(writer.caller);
    check();
    // Behind the contact's lock: an erasure that goes on at the same time is over, or sees the hold.
    const options = { action: 'HOLD', check, evenDeleted: true, evenRestricted: true };
    const { row } = await writer.edit<{ id: string }>('contacts', contactId, options, () => ({}));
    const values = { contactId: row.id, reason: reason.trim(), placedById: writer.caller.userId };
    await writer.insert('legal_holds', 'CREATE', { id, ...values }, false);
  });
}

/** Ends a hold. One that is released stays as it is. */
export function releaseLegalHold(request: WriteRequest, id: string, now: number): Promise<string> {
  return change(request, id, async (writer) => {
    const check = (): void => checkCanManagePrivacy(writer.caller);
    await writer.edit<LegalHoldRow>('legal_holds', id, { action: 'RELEASE', check, evenRestricted: true }, ({ releasedAt }) =>
      releasedAt ? {} : { releasedAt: new Date(now).toISOString(), releasedById: writer.caller.userId },
    );
  });
}

/** Oldest first, released ones too; null for whoever may not erase. */
export async function holdsOf(reader: Reader, contactId: string): Promise<LegalHoldRow[] | null> {
  // A key has no scope for holds, and is told so by the reader.
  if (reader.caller.via.kind === 'SESSION' && !canManagePrivacy(reader.caller)) return null;
  return (await reader.embedded('legal_holds', 'contactId', contactId, 'createdAt')) as LegalHoldRow[];
}
