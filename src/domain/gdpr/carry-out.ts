import type { Writer } from '../../db/index.js';
import { ledgerUnwritable } from '../../errors.js';
import { eraseContactRows } from './erase-contact.js';
import { eraseUserRows } from './erase-user.js';
import type { PrivacyDoor } from './privacy-door.js';
import type { ReceiptClaims } from './receipts.js';

/** Who is erased, for whom and why. */
type Wanted = Pick<ReceiptClaims, 'erasureId' | 'kind' | 'recordId' | 'reason' | 'requestedById'>;

/**
 * Carries out a change that erases somebody. What it notes, last of all, is in the ledger before the commit, and marked as done after it.
 *
 * @throws DomainError UNAVAILABLE when the ledger cannot be written: nothing is erased then.
 */
export async function inLedger<Result>(
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

/** Erases somebody, and writes down that it was done, with the receipt. */
export async function carryOut(
  writer: Writer,
  { receipts, now }: Pick<PrivacyDoor, 'receipts' | 'now'>,
  { erasureId, kind, recordId, reason, requestedById }: Wanted,
): Promise<ReceiptClaims> {
  const erasedAt = new Date(now()).toISOString();
  const eraseRows = kind === 'CONTACT' ? eraseContactRows : eraseUserRows;
  const { counts, mentions } = await eraseRows(writer, { recordId, erasureId, reason, now: erasedAt });
  const { orgId } = writer.caller;
  const told = { kind, recordId, erasedAt, requestedById, reason: mentions.masked(reason), counts };
  const claims: ReceiptClaims = { erasureId, organizationId: orgId, ...told };
  const data = { orgId, id: erasureId, ...told, receipt: receipts.issue(claims) };
  await writer.beside.erasure.create({ data, select: { id: true } });
  return claims;
}

/** Whether somebody is erased already. */
export async function isErased({ reads, tenant }: Writer, kind: ReceiptClaims['kind'], id: string): Promise<boolean> {
  const where = { ...tenant, kind, recordId: id };
  return (await reads.erasure.findFirst({ where, select: { id: true } })) !== null;
}
