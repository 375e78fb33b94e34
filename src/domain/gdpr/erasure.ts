import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../../caller.js';
import { change, type Reader, type WriteRequest, type Writer } from '../../db/index.js';
import { heldLegally, invalid, notFound } from '../../errors.js';
import { isUuid } from '../../lib/uuid.js';
import { textFault } from '../input.js';
import { checkCanManageUser, managerNow, type UserRow } from '../users/users.js';
import { carryOut, inLedger, isErased } from './carry-out.js';
import type { ErasureRow } from './graph.js';
import type { PrivacyDoor } from './privacy-door.js';
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
      if (await isErased(writer, 'CONTACT', id)) return;
      const options = { action: 'ERASE', expectedVersion, evenDeleted: true, evenRestricted: true, exclusive: true };
      await writer.edit('contacts', id, { ...options, check: () => undefined }, () => ({}));
      await checkIsNotHeld(writer, id);
      const erasure = {
        erasureId,
        kind: 'CONTACT',
        recordId: id.toLowerCase(),
        reason,
        requestedById: writer.caller.userId,
      } as const;
      await note(await carryOut(writer, door, erasure));
    }),
  );
}

/**
 * Erases a former colleague. One who is erased already stays as they are, and the first erasure is answered.
 *
 * @returns the user's id.
 */
export async function eraseUser(
  request: WriteRequest,
  door: PrivacyDoor,
  id: string,
  reason: string,
  expectedVersion?: number | null,
): Promise<string> {
  checkReason(reason);
  if (!isUuid(id)) throw notFound('User');
  const erasureId = uuidv7();
  return inLedger(door, (note) =>
    change(request, id, async (writer) => {
      checkCanManagePrivacy(writer.caller);
      const caller = await managerNow(writer);
      if (await isErased(writer, 'USER', id)) return;
      const check = (user: UserRow): void => checkCanEraseUser(caller, user);
      await writer.edit<UserRow>(
        'users',
        id,
        { action: 'ERASE', expectedVersion, evenDeleted: true, exclusive: true, check },
        () => ({}),
      );
      const erasure = { erasureId, kind: 'USER', recordId: id.toLowerCase(), reason, requestedById: caller.userId } as const;
      await note(await carryOut(writer, door, erasure));
    }),
  );
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

/** Who erases somebody else that has left, and is not above. @throws DomainError FORBIDDEN, INVALID_INPUT. */
function checkCanEraseUser(caller: Caller, user: UserRow): void {
  checkCanManageUser(caller, user);
  if (user.id === caller.userId)
    throw invalid(['id'], 'This is you. Somebody else who manages the team can erase you, once you have left.', 'OWN_ACCOUNT');
  if (!user.isActive || user.deletedAt) return;
  const message =
    'This team member can still sign in. Deactivate them first (deactivateUser), and say there who takes over their records.';
  throw invalid(['id'], message, 'STILL_ACTIVE');
}

async function checkIsNotHeld({ reads, tenant }: Writer, contactId: string): Promise<void> {
  const where = { ...tenant, contactId, releasedAt: null };
  const holds = await reads.legalHold.findMany({ where, select: { id: true, reason: true }, orderBy: { createdAt: 'asc' } });
  if (holds.length > 0) throw heldLegally(holds);
}
