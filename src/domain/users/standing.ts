import type { Caller } from '../../caller.js';
import type { Writer } from '../../db/index.js';
import { forbidden, invalid } from '../../errors.js';
import type { UserRow } from './graph.js';

/**
 * Lets one change of roles and standings go on at a time, and says who the caller is now: of two owners who demote each
 * other, the second no longer is one.
 *
 * @throws DomainError FORBIDDEN when the caller was deactivated meanwhile.
 */
export async function managerNow(writer: Writer): Promise<Caller> {
  await writer.alone('users');
  const user = (await writer.hold('users', writer.caller.userId)) as UserRow | null;
  if (!user?.isActive || user.deletedAt) throw forbidden('manage the team any more');
  return { ...writer.caller, role: user.role };
}

/** That somebody remains who owns the organization. Call behind `managerNow`. @throws DomainError INVALID_INPUT. */
export async function checkIsNotLastOwner(writer: Writer, user: UserRow): Promise<void> {
  if (await isLastOwner(writer, user))
    throw invalid(['id'], 'This is the last owner. Make somebody else an owner first.', 'LAST_OWNER');
}

/** Whether nobody else owns the organization who can sign in. Call where one change of standings goes on at a time. */
export async function isLastOwner(writer: Writer, user: UserRow): Promise<boolean> {
  if (user.role !== 'OWNER' || !user.isActive) return false;
  const others = { ...writer.tenant, role: 'OWNER' as const, isActive: true, deletedAt: null, NOT: { id: user.id } };
  return (await writer.reads.user.count({ where: others })) === 0;
}

/** Somebody who can work: another user that is referred to. @throws DomainError INVALID_INPUT. */
export async function holdActiveUser(writer: Writer, id: string, path: string[]): Promise<UserRow> {
  const user = await holdUser(writer, id, path);
  if (!user.isActive) throw invalid(path, 'This team member is not active. Choose somebody who is.', 'INACTIVE');
  return user;
}

/** @throws DomainError INVALID_INPUT when there is none. */
export async function holdUser(writer: Writer, id: string, path: string[]): Promise<UserRow> {
  const user = (await writer.hold('users', id)) as UserRow | null;
  if (!user || user.deletedAt) throw invalid(path, 'There is no user with this id that you can see.', 'NOT_FOUND');
  return user;
}
