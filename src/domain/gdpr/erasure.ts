import { v7 as uuidv7 } from 'uuid';
import { change, type Reader, type WriteRequest, type Writer } from '../../db/index.js';
import { heldLegally, invalid, ledgerUnwritable, notFound } from '../../errors.js';
import { isUuid } from '../../lib/uuid.js';
import { textFault } from '../input.js';
import { eraseContactRows } from './erase-contact.js';
import type { ErasureRow } from './graph.js';
import type { Erased } from './ledger.js';
import type { PrivacyDoor } from './privacy-door.js';
import type { ReceiptClaims } from './receipts.js';
import { checkCanManagePrivacy } from './rules.js';

const LONGEST_REASON = 1_000;

/** Erases a person. One who is erased already stays as they are, and the first erasure is answered. @returns the contact's id. */
export async function eraseContact(
  request: WriteRequest,
  door: PrivacyDoor,
  id: string,
  reason: string,
  expectedVersion?: number | null,
): Promise<string> {
  checkReason(reason);
  if (!isUuid(id)) throw notFound('Contact');
  const erasureId = uuidv7();
  return inLedger(door, (note) =>
    change(request, id, async (writer) => {
      checkCanManagePrivacy(writer.caller);
      if (await isErased(writer, id)) return;
      const options = { action: 'ERASE', expectedVersion, evenDeleted: true, evenRestricted: true, exclusive: true };
      await writer.edit('contacts', id, { ...options, check: () => undefined }, () => ({}));
      await checkIsNotHeld(writer, id);
      const erasure = { erasureId, contactId: id.toLowerCase(), reason, requestedById: writer.caller.userId };
      await note(await carryOut(writer, door, erasure));
    }),
  );
}

/**
 * Erases somebody again, by ids alone: after a backup from before the erasure was restored. Who is erased already or gone is left as they
 * are. A hold does not count: it was placed before the erasure, and released for it. @returns whether there was somebody.
 */
export async function eraseAgain(
  writer: Writer,
  door: Pick<PrivacyDoor, 'receipts' | 'now'>,
  { erasureId, recordId: contactId }: Erased,
): Promise<boolean> {
  if (!(await writer.hold('contacts', contactId, false))) return false;
  // Another instance may be doing the same.
  await writer.alone('erasing again');
  if (await isErased(writer, contactId)) return false;
  const reason = 'Erased before; carried out again after a backup was restored.';
  await carryOut(writer, door, { erasureId, contactId, reason, requestedById: null });
  return true;
}

/** The erasure of a record; null when there is none. @throws DomainError FORBIDDEN. */
export async function erasureOf(reader: Reader, recordId: string): Promise<ErasureRow | null> {
  checkCanManagePrivacy(reader.caller);
  if (!isUuid(recordId)) return null;
  const [erasure] = await reader.embedded('erasures', 'recordId', recordId, 'createdAt');
  return (erasure ?? null) as ErasureRow | null;
}

/** @throws DomainError INVALID_INPUT. */
export function checkReason(reason: string): void {
  const fault = textFault(reason, { required: true, longest: LONGEST_REASON });
  if (fault) throw invalid(['reason'], fault, 'INVALID');
}

/**
 * Carries out a change that erases somebody. What it notes, last of all, is in the ledger before the commit, and marked as done after it.
 *
 * @throws DomainError UNAVAILABLE when the ledger cannot be written: nothing is erased then.
 */
async function inLedger<Result>(
  { ledger }: Pick<PrivacyDoor, 'ledger'>,
  erase: (note: (claims: ReceiptClaims) => Promise<void>) => Promise<Result>,
): Promise<Result> {
  let noted: ReceiptClaims | undefined;
  const result = await erase(async (claims) => {
    await ledger?.intend(claims, claims.reason).catch(() => {
      throw ledgerUnwritable();
    });
    noted = claims;
  });
  if (noted) await ledger?.settle(noted, 'DONE');
  return result;
}

async function carryOut(
  writer: Writer,
  { receipts, now }: Pick<PrivacyDoor, 'receipts' | 'now'>,
  erasure: { erasureId: string; contactId: string; reason: string; requestedById: string | null },
): Promise<ReceiptClaims> {
  const { erasureId, contactId, reason, requestedById } = erasure;
  const erasedAt = new Date(now()).toISOString();
  const { counts, mentions } = await eraseContactRows(writer, { contactId, erasureId, reason, now: erasedAt });
  const { orgId } = writer.caller;
  const told = {
    kind: 'CONTACT',
    recordId: contactId,
    erasedAt,
    requestedById,
    reason: mentions.masked(reason),
    counts,
  } as const;
  const claims: ReceiptClaims = { erasureId, organizationId: orgId, ...told };
  const data = { orgId, id: erasureId, ...told, receipt: receipts.issue(claims) };
  await writer.beside.erasure.create({ data, select: { id: true } });
  return claims;
}

async function isErased({ reads, tenant }: Writer, id: string): Promise<boolean> {
  const where = { ...tenant, recordId: id };
  return (await reads.erasure.findFirst({ where, select: { id: true } })) !== null;
}

async function checkIsNotHeld({ reads, tenant }: Writer, contactId: string): Promise<void> {
  const where = { ...tenant, contactId, releasedAt: null };
  const holds = await reads.legalHold.findMany({ where, select: { id: true, reason: true }, orderBy: { createdAt: 'asc' } });
  if (holds.length > 0) throw heldLegally(holds);
}
