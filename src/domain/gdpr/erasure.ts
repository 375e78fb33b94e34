import { v7 as uuidv7 } from 'uuid';
import { change, type Reader, type WriteRequest, type Writer } from '../../db/index.js';
import { heldLegally, invalid, notFound } from '../../errors.js';
import { isUuid } from '../../lib/uuid.js';
import { textFault } from '../input.js';
import { eraseContactRows } from './erase-contact.js';
import type { ErasureRow } from './graph.js';
import type { PrivacyDoor } from './privacy-door.js';
import type { ReceiptClaims } from './receipts.js';
import { checkCanManagePrivacy } from './rules.js';

const LONGEST_REASON = 1_000;

/** Erases a person. One who is erased already stays as they are, and the first erasure is answered. @returns the contact's id. */
export function eraseContact(
  request: WriteRequest,
  door: PrivacyDoor,
  id: string,
  reason: string,
  expectedVersion?: number | null,
): Promise<string> {
  checkReason(reason);
  if (!isUuid(id)) throw notFound('Contact');
  const erasureId = uuidv7();
  return change(request, id, async (writer) => {
    checkCanManagePrivacy(writer.caller);
    if (await isErased(writer, id)) return;
    const options = { action: 'ERASE', expectedVersion, evenDeleted: true, evenRestricted: true, exclusive: true };
    await writer.edit('contacts', id, { ...options, check: () => undefined }, () => ({}));
    await checkIsNotHeld(writer, id);
    await carryOut(writer, door, { erasureId, contactId: id.toLowerCase(), reason, requestedById: writer.caller.userId });
  });
}

/**
 * Erases a contact again, by ids alone: after a backup from before the erasure was restored. What is erased already, held or gone is
 * left as it is by this, too: a hold that was placed before the erasure would have kept it from happening.
 */
export async function eraseAgain(
  writer: Writer,
  door: Omit<PrivacyDoor, 'beforeCommit'>,
  { erasureId, contactId }: { erasureId: string; contactId: string },
): Promise<void> {
  if (await isErased(writer, contactId)) return;
  if (!(await writer.hold('contacts', contactId, false))) return;
  const reason = 'Erased before; carried out again after a backup was restored.';
  await carryOut(writer, door, { erasureId, contactId, reason, requestedById: null });
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

/** Writes down that somebody was erased, with the receipt, last of all where a ledger outside of the database hears of it. */
export async function noteErasure(
  { beside }: Writer,
  { receipts, beforeCommit }: Pick<PrivacyDoor, 'receipts' | 'beforeCommit'>,
  claims: ReceiptClaims,
): Promise<void> {
  const { erasureId, organizationId, ...told } = claims;
  const data = { orgId: organizationId, id: erasureId, ...told, receipt: receipts.issue(claims) };
  await beside.erasure.create({ data, select: { id: true } });
  await beforeCommit?.({ erasureId, organizationId, kind: claims.kind, recordId: claims.recordId });
}

async function carryOut(
  writer: Writer,
  door: Pick<PrivacyDoor, 'receipts' | 'beforeCommit' | 'now'>,
  erasure: { erasureId: string; contactId: string; reason: string; requestedById: string | null },
): Promise<void> {
  const { erasureId, contactId, reason, requestedById } = erasure;
  const erasedAt = new Date(door.now()).toISOString();
  const { counts, mentions } = await eraseContactRows(writer, { contactId, erasureId, reason, now: erasedAt });
  const told = { erasureId, organizationId: writer.caller.orgId, kind: 'CONTACT', recordId: contactId } as const;
  await noteErasure(writer, door, { ...told, erasedAt, requestedById, reason: mentions.masked(reason), counts });
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
