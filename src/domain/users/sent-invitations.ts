import { ROLES, type Role } from '../../caller.js';
import type { LockedRow, Writer } from '../../db/index.js';

/** What somebody may no longer give, nobody gets from them: their open invitations above `role` are revoked; null: all of them. */
export async function revokeInvitationsOf(writer: Writer, inviterId: string, role: Role | null): Promise<void> {
  const where = { ...writer.tenant, invitedById: inviterId, acceptedAt: null, revokedAt: null };
  const sent = await writer.reads.invitation.findMany({ where, select: { id: true, role: true }, orderBy: { id: 'asc' } });
  const mayInvite = role === 'OWNER' || role === 'ADMIN';
  for (const invitation of sent) {
    if (mayInvite && ROLES.indexOf(role) <= ROLES.indexOf(invitation.role)) continue;
    const options = { action: 'REVOKE', check: () => undefined };
    await writer.edit<LockedRow>('invitations', invitation.id, options, ({ acceptedAt, revokedAt }) =>
      acceptedAt || revokedAt ? {} : { revokedAt: new Date().toISOString() },
    );
  }
}
