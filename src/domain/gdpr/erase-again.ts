import type { LockedRow, Writer } from '../../db/index.js';
import { isLastOwner, shutOut, type UserRow } from '../users/users.js';
import { carryOut, isErased } from './carry-out.js';
import type { Erased } from './ledger.js';
import type { PrivacyDoor } from './privacy-door.js';

/** NOBODY: gone, or erased already. LAST_OWNER: nobody else owns the organization, and nobody was erased. */
export type Again = 'ERASED' | 'NOBODY' | 'LAST_OWNER';

/**
 * Erases somebody again, by ids alone: after a backup from before the erasure was restored. Who is erased already or gone is left as they
 * are. A hold does not count: it was placed before the erasure, and released for it. A colleague who is active on the backup is shut out.
 */
export async function eraseAgain(
  writer: Writer,
  door: Pick<PrivacyDoor, 'receipts' | 'now'>,
  { erasureId, recordId, kind }: Erased,
): Promise<Again> {
  // Another instance may be doing the same. Before the row is held: two that hold it would wait for each other to change its address.
  await writer.alone('erasing again');
  if (kind === 'USER') await writer.alone('users');
  const row = await writer.hold(kind === 'USER' ? 'users' : 'contacts', recordId, false);
  if (!row || (await isErased(writer, kind, recordId))) return 'NOBODY';
  if (kind === 'USER' && !(await leaves(writer, row as LockedRow & UserRow))) return 'LAST_OWNER';
  const reason = 'Erased before; carried out again after a backup was restored.';
  await carryOut(writer, door, { erasureId, kind, recordId, reason, requestedById: null });
  return 'ERASED';
}

/** Shuts a colleague out. False for the only owner: nobody else could say who owns the organization from now on (docs/decisions/0049). */
async function leaves(writer: Writer, user: UserRow): Promise<boolean> {
  if (await isLastOwner(writer, user)) return false;
  await shutOut(writer, user);
  return true;
}
