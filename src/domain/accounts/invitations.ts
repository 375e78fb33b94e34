import { v7 as uuidv7 } from 'uuid';
import type { Role } from '../../caller.js';
import { change, type Reader, type WriteRequest, type Writer } from '../../db/index.js';
import { conflict, invalid } from '../../errors.js';
import { checkCanGrant, checkCanInvite, managerNow } from '../users/users.js';
import { lookUpLater } from './addresses.js';
import type { InvitationRow } from './graph.js';
import { INVITATION_MS, isOpen } from './rules.js';

/** Open ones an organization has at most: they are shown as one list. */
const MOST_OPEN = 500;

/** Invites somebody; an older invitation of the same address is revoked. Whether the address has an account elsewhere, only its mailbox is told. */
export async function inviteUser(request: WriteRequest, invited: { email: string; role: Role }, now: number): Promise<string> {
  const id = uuidv7();
  const { email, role } = invited;
  return change(request, id, async (writer) => {
    const caller = await managerNow(writer);
    checkCanGrant(caller, role);
    await checkIsNoMember(writer, email);
    const open = await openInvitations(writer, now);
    for (const older of open.filter((each) => each.email === email)) await revoke(writer, older.id);
    if (open.length >= MOST_OPEN)
      throw invalid(['input', 'email'], `${MOST_OPEN} invitations are open. Revoke some of them first.`, 'TOO_MANY');
    const expiresAt = new Date(now + INVITATION_MS).toISOString();
    await writer.insert('invitations', 'INVITE', { id, email, role, invitedById: caller.userId, expiresAt }, false);
    await lookUpLater(writer, 'invite', id);
  });
}

/** Makes an invitation worthless. One that is over stays as it is. */
export async function revokeInvitation(
  request: WriteRequest,
  id: string,
  expectedVersion: number | null | undefined,
  now: number,
): Promise<string> {
  return change(request, id, async (writer) => {
    const caller = await managerNow(writer);
    const check = (): void => checkCanInvite(caller);
    await writer.edit<InvitationRow>('invitations', id, { action: 'REVOKE', expectedVersion, check }, (invitation) =>
      isOver(invitation) ? {} : { revokedAt: new Date(now).toISOString() },
    );
  });
}

/** Invitations that can still be accepted, newest first. @throws DomainError FORBIDDEN. */
export async function listInvitations(reader: Reader, now: number): Promise<InvitationRow[]> {
  checkCanInvite(reader.caller);
  const all = (await reader.embedded('invitations', 'orgId', reader.caller.orgId, 'createdAt')) as InvitationRow[];
  return all.filter((each) => isOpen({ expiresAt: Date.parse(each.expiresAt), isOver: isOver(each) }, now)).reverse();
}

function isOver({ acceptedAt, revokedAt }: Pick<InvitationRow, 'acceptedAt' | 'revokedAt'>): boolean {
  return acceptedAt !== null || revokedAt !== null;
}

async function revoke(writer: Writer, id: string): Promise<void> {
  const options = { action: 'REVOKE', check: () => undefined };
  await writer.edit<InvitationRow>('invitations', id, options, () => ({ revokedAt: new Date().toISOString() }));
}

async function openInvitations({ reads, tenant }: Writer, now: number): Promise<{ id: string; email: string }[]> {
  const where = { ...tenant, acceptedAt: null, revokedAt: null, expiresAt: { gt: new Date(now) } };
  return reads.invitation.findMany({ where, select: { id: true, email: true } });
}

/** The team is no secret to who invites. @throws DomainError CONFLICT. */
async function checkIsNoMember({ reads, tenant }: Writer, email: string): Promise<void> {
  const member = await reads.user.findFirst({ where: { ...tenant, email, deletedAt: null }, select: { id: true } });
  if (member) throw conflict('This person is in your team already.', { existingId: member.id });
}
