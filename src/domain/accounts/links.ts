import type { WriteRequest, Writer } from '../../db/index.js';
import type { Role } from '../../caller.js';
import { invalid, type DomainError } from '../../errors.js';
import type { AuthDoor } from '../auth/auth.js';

/** What a token in a mail is good for, as it stands in the token. */
export const PURPOSE = { register: 'register', invite: 'invite', reset: 'reset', email: 'email' } as const;

/** Unknown, expired, used, revoked and foreign tokens are answered alike. */
export function badToken(path: string[] = ['input', 'token']): DomainError {
  return invalid(path, 'This link is not valid, or not any more. Ask for a new one.', 'INVALID_TOKEN');
}

/** Only who has the mailbox is told. */
export function emailTaken(path: string[] = ['input', 'token']): DomainError {
  const message = 'This address has an account already. Sign in with it, or give it up there first.';
  return invalid(path, message, 'EMAIL_TAKEN');
}

/** A change by somebody who has no session yet, or need not have one: who holds the link is the user. */
export function requestOf(
  door: AuthDoor,
  user: { orgId: string; userId: string; role: Role },
  origin: WriteRequest['origin'],
): WriteRequest {
  const { orgId, userId, role } = user;
  const caller = { orgId, userId, role, via: { kind: 'SESSION' as const, sessionId: userId } };
  return { caller, database: door.database, origin, idempotency: null };
}

/** Links that were sent to a user become worthless. */
export async function voidLinks({ beside, tenant }: Writer, userId: string, now: number): Promise<void> {
  const open = { ...tenant, userId, usedAt: null, voidedAt: null };
  await beside.accountToken.updateMany({ where: open, data: { voidedAt: new Date(now) } });
}

/** Ends a user's sessions, but for one. */
export async function endSessionsBut(
  { beside, tenant }: Writer,
  ended: { userId: string; but: string | null; reason: string; now: number },
): Promise<void> {
  const running = { ...tenant, userId: ended.userId, endedAt: null, ...(ended.but !== null && { NOT: { id: ended.but } }) };
  await beside.session.updateMany({ where: running, data: { endedAt: new Date(ended.now), endReason: ended.reason } });
}
