import { v7 as uuidv7 } from 'uuid';
import type { SignedInCaller } from '../../caller.js';
import { change, type WriteRequest } from '../../db/index.js';
import { invalid } from '../../errors.js';
import { checkCurrentPassword, type AuthDoor } from '../auth/auth.js';
import { sendMail } from '../mail/mail.js';
import { lookUpLater } from './addresses.js';
import { badToken, emailTaken, endSessionsBut, PURPOSE, requestOf, voidLinks } from './links.js';
import { CHANGE_EMAIL_MS, isOpen } from './rules.js';

/** Asks the new mailbox; until its owner has confirmed, nothing changes. Whether the address is taken, only its owner is told. */
export async function changeEmail(
  door: AuthDoor,
  request: WriteRequest & { caller: SignedInCaller },
  input: { currentPassword: string; email: string },
): Promise<string> {
  const { orgId, userId, via } = request.caller;
  const select = { email: true } as const;
  const user = await door.database.write(orgId, (tx) => tx.user.findFirstOrThrow({ where: { orgId, id: userId }, select }));
  await checkCurrentPassword(door, request.caller, user, input.currentPassword);
  if (user.email === input.email) throw invalid(['newEmail'], 'This is your address already.', 'SAME');
  const now = door.now();
  return change(request, userId, async (writer) => {
    const { beside, tenant } = writer;
    const purpose = 'CHANGE_EMAIL';
    const open = { ...tenant, userId, purpose, usedAt: null, voidedAt: null };
    await beside.accountToken.updateMany({ where: open, data: { voidedAt: new Date(now) } });
    const id = uuidv7();
    const { email } = input;
    const moments = { createdAt: new Date(now), expiresAt: new Date(now + CHANGE_EMAIL_MS) };
    const data = { orgId, id, userId, purpose, email, previousEmail: user.email, sessionId: via.sessionId, ...moments };
    await beside.accountToken.create({ data, select: { id: true } });
    await lookUpLater(writer, 'email', id);
  });
}

/**
 * Changes the address with a link from a mail to the new one. Other sessions end, and the old mailbox is told.
 *
 * @returns the address from now on.
 * @throws DomainError INVALID_INPUT.
 */
export async function confirmEmailChange(door: AuthDoor, token: string, origin: WriteRequest['origin']): Promise<string> {
  const row = door.mailTokens.parse(PURPOSE.email, token);
  const found = row && (await findLink(door, row));
  if (!found?.email || !found.user.isActive || found.user.deletedAt) throw badToken(['token']);
  const { orgId, id, userId, email, sessionId, user } = found;
  const now = door.now();
  // The answer was lost: it is done.
  if (found.usedAt && now < found.expiresAt.getTime() && user.email === email) return email;
  const link = { expiresAt: found.expiresAt.getTime(), isOver: found.usedAt !== null || found.voidedAt !== null };
  if (!isOpen(link, now)) throw badToken(['token']);
  if (await door.database.isEmailTaken(email)) throw emailTaken(['token']);
  await change(requestOf(door, { orgId, userId, role: user.role }, origin), userId, async (writer) => {
    const open = { ...writer.tenant, id, usedAt: null, voidedAt: null };
    const { count } = await writer.beside.accountToken.updateMany({ where: open, data: { usedAt: new Date(now) } });
    if (count === 0) return;
    await writer.edit('users', userId, { action: 'CHANGE_EMAIL', check: () => undefined }, () => ({ email }));
    await endSessionsBut(writer, { userId, but: sessionId, reason: 'EMAIL_CHANGED', now });
    await voidLinks(writer, userId, now);
    await sendMail(writer, { mail: 'emailChanged', id });
  });
  return email;
}

function findLink(door: AuthDoor, { orgId, id }: { orgId: string; id: string }) {
  const user = { select: { email: true, role: true, isActive: true, deletedAt: true } } as const;
  const link = { orgId: true, id: true, userId: true, email: true, sessionId: true } as const;
  const select = { ...link, expiresAt: true, usedAt: true, voidedAt: true, user } as const;
  return door.database.write(orgId, (tx) => tx.accountToken.findFirst({ where: { orgId, id, purpose: 'CHANGE_EMAIL' }, select }));
}
