import { v7 as uuidv7 } from 'uuid';
import { change, type WriteRequest } from '../../db/index.js';
import { signInAgain, signInAs, type AuthDoor, type SignedIn, type Visit } from '../auth/auth.js';
import { changesFrom, type FieldRules } from '../input.js';
import type { InvitationRow } from './graph.js';
import { badToken, emailTaken, PURPOSE, requestOf } from './links.js';
import { isOpen } from './rules.js';

const FIELDS: FieldRules = { firstName: { longest: 200 }, lastName: { longest: 200 } };

interface Acceptance {
  token: string;
  firstName: string;
  lastName: string;
  password: string;
}

/** Joins an organization by an invitation, and signs in. Repeated with the same password it signs in again. @throws DomainError INVALID_INPUT. */
export async function acceptInvitation(door: AuthDoor, input: Acceptance, visit: Visit): Promise<SignedIn> {
  changesFrom(input, FIELDS);
  const row = door.mailTokens.parse(PURPOSE.invite, input.token);
  const found = row && (await findInvitation(door, row));
  if (!found) throw badToken();
  const { orgId, email } = found;
  const again = async (): Promise<SignedIn> => {
    const isInTime = door.now() < found.expiresAt.getTime();
    const session = isInTime ? await signInAgain(door, { email, orgId, password: input.password }, visit) : null;
    if (!session) throw badToken();
    return session;
  };
  if (found.acceptedAt) return again();
  if (!isOpen({ expiresAt: found.expiresAt.getTime(), isOver: found.revokedAt !== null }, door.now())) throw badToken();
  if (await door.database.isEmailTaken(email)) {
    // By this very link, perhaps: the same request sent twice at once.
    if ((await findInvitation(door, row))?.acceptedAt) return again();
    throw emailTaken();
  }
  const names = [email, input.firstName, input.lastName, found.organization.name];
  const passwordHash = await door.passwords.hashChosen(input.password, names, ['input', 'password']);
  const userId = await join(door, { orgId, id: found.id, role: found.role, passwordHash }, input, visit);
  return userId ? signInAs(door, { orgId, userId }, visit) : again();
}

function findInvitation(door: AuthDoor, { orgId, id }: { orgId: string; id: string }) {
  const moments = { expiresAt: true, acceptedAt: true, revokedAt: true } as const;
  const select = {
    orgId: true,
    id: true,
    email: true,
    role: true,
    ...moments,
    organization: { select: { name: true } },
  } as const;
  return door.database.write(orgId, (tx) => tx.invitation.findFirst({ where: { orgId, id }, select }));
}

/** @returns the new member's id; null when the invitation was accepted or revoked at the same moment. */
async function join(
  door: AuthDoor,
  { orgId, id, role, passwordHash }: { orgId: string; id: string; role: InvitationRow['role']; passwordHash: string },
  { firstName, lastName }: Acceptance,
  origin: WriteRequest['origin'],
): Promise<string | null> {
  const userId = uuidv7();
  let isDone = false;
  await change(requestOf(door, { orgId, userId, role }, origin), userId, async (writer) => {
    const options = { action: 'ACCEPT', check: () => undefined };
    const { changed } = await writer.edit<InvitationRow>('invitations', id, options, async (invitation) => {
      if (invitation.acceptedAt !== null || invitation.revokedAt !== null) return {};
      const person = { email: invitation.email, firstName: firstName.trim(), lastName: lastName.trim() };
      await writer.insert('users', 'JOIN', { id: userId, ...person, role: invitation.role, passwordHash }, false);
      return { acceptedAt: new Date(door.now()).toISOString(), userId };
    });
    isDone = changed;
  });
  return isDone ? userId : null;
}
