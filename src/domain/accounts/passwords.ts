import { v7 as uuidv7 } from 'uuid';
import type { SignedInCaller } from '../../caller.js';
import { change, enqueuer, type Transaction, type WriteRequest } from '../../db/index.js';
import { checkCurrentPassword, signInAgain, signInAs, type AuthDoor, type SignedIn, type Visit } from '../auth/auth.js';
import { sendMail } from '../mail/mail.js';
import { lookUpLater } from './addresses.js';
import { badToken, endSessionsBut, PURPOSE, requestOf, voidLinks } from './links.js';
import { isOpen } from './rules.js';

/** Sets another password; other sessions end, and the mailbox is told. */
export async function changePassword(
  door: AuthDoor,
  request: WriteRequest & { caller: SignedInCaller },
  input: { currentPassword: string; newPassword: string },
): Promise<string> {
  const { orgId, userId, via } = request.caller;
  const user = await findUser(door, orgId, userId);
  await checkCurrentPassword(door, request.caller, user, input.currentPassword);
  const passwordHash = await door.passwords.hashChosen(input.newPassword, namesOf(user), ['newPassword']);
  return change(request, userId, async (writer) => {
    await writer.edit('users', userId, { action: 'CHANGE_PASSWORD', check: () => undefined }, () => ({ passwordHash }));
    await endSessionsBut(writer, { userId, but: via.sessionId, reason: 'PASSWORD_CHANGED', now: door.now() });
    await voidLinks(writer, userId, door.now());
    await sendMail(writer, { mail: 'passwordChanged', id: userId });
  });
}

/** Whatever the address, this does the same: who has it, is looked up later. */
export async function requestPasswordReset({ database, now }: AuthDoor, email: string): Promise<void> {
  const [orgId, id] = [uuidv7(), uuidv7()];
  await database.write(orgId, async (tx) => {
    await tx.resetRequest.create({ data: { orgId, id, email, createdAt: new Date(now()) }, select: { id: true } });
    await lookUpLater(enqueuer(tx), 'reset', id);
  });
}

/** Sets a password with a link from a mail: all sessions end, and one begins. @throws DomainError INVALID_INPUT. */
export async function resetPassword(
  door: AuthDoor,
  input: { token: string; newPassword: string },
  visit: Visit,
): Promise<SignedIn> {
  const row = door.mailTokens.parse(PURPOSE.reset, input.token);
  const found = row && (await door.database.write(row.orgId, (tx) => findReset(tx, row)));
  if (!found || !found.user.isActive || found.user.deletedAt) throw badToken();
  const { orgId, id, userId, user } = found;
  const link = { expiresAt: found.expiresAt.getTime(), isOver: found.usedAt !== null || found.voidedAt !== null };
  if (!isOpen(link, door.now())) return repeatReset(door, { ...found, password: input.newPassword }, visit);
  const passwordHash = await door.passwords.hashChosen(input.newPassword, namesOf(user), ['input', 'newPassword']);
  const now = new Date(door.now());
  let isUsed = false;
  await change(requestOf(door, { orgId, userId, role: user.role }, visit), userId, async (writer) => {
    const open = { ...writer.tenant, id, usedAt: null, voidedAt: null };
    isUsed = (await writer.beside.accountToken.updateMany({ where: open, data: { usedAt: now } })).count === 0;
    if (isUsed) return;
    await writer.edit('users', userId, { action: 'RESET_PASSWORD', check: () => undefined }, () => ({ passwordHash }));
    await endSessionsBut(writer, { userId, but: null, reason: 'PASSWORD_CHANGED', now: door.now() });
    await voidLinks(writer, userId, door.now());
    await sendMail(writer, { mail: 'passwordChanged', id: userId });
  });
  return isUsed ? repeatReset(door, { ...found, usedAt: now, password: input.newPassword }, visit) : signInAs(door, found, visit);
}

interface Used {
  orgId: string;
  usedAt: Date | null;
  expiresAt: Date;
  user: { email: string };
  password: string;
}

/** The answer was lost: the same password signs in, as long as the link would have been good. */
async function repeatReset(door: AuthDoor, { orgId, usedAt, expiresAt, user, password }: Used, visit: Visit): Promise<SignedIn> {
  const isRepeated = usedAt !== null && door.now() < expiresAt.getTime();
  const again = isRepeated ? await signInAgain(door, { email: user.email, orgId, password }, visit) : null;
  if (!again) throw badToken();
  return again;
}

const NAMES = {
  email: true,
  firstName: true,
  lastName: true,
  role: true,
  isActive: true,
  deletedAt: true,
  organization: { select: { name: true } },
} as const;

function findReset(tx: Transaction, { orgId, id }: { orgId: string; id: string }) {
  const select = { orgId: true, id: true, userId: true, expiresAt: true, usedAt: true, voidedAt: true, user: { select: NAMES } };
  return tx.accountToken.findFirst({ where: { orgId, id, purpose: 'RESET_PASSWORD' }, select });
}

function findUser(door: AuthDoor, orgId: string, id: string) {
  return door.database.write(orgId, (tx) => tx.user.findFirstOrThrow({ where: { orgId, id }, select: NAMES }));
}

interface Named {
  email: string;
  firstName: string;
  lastName: string;
  organization: { name: string };
}

function namesOf({ email, firstName, lastName, organization }: Named): string[] {
  return [email, firstName, lastName, organization.name];
}
