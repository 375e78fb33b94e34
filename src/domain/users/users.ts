import { change, type Reader, type WriteRequest, type Writer } from '../../db/index.js';
import { checkIsSignedIn, type Role } from '../../caller.js';
import { invalid, unauthenticated } from '../../errors.js';
import type { DeactivateUserInput, UpdateUserInput } from '../../generated/graphql.js';
import { changesFrom, type FieldRules } from '../input.js';
import type { UserRow } from './graph.js';
import { giveAllRecords } from './reassign.js';
import { checkCanGrant, checkCanManageUser, checkOwnsOrganization } from './rules.js';
import { revokeInvitationsOf } from './sent-invitations.js';
import { checkIsNotLastOwner, holdActiveUser, managerNow } from './standing.js';

export { checkCanGrant, checkCanInvite, checkCanManageUser } from './rules.js';
export { isLastOwner, managerNow } from './standing.js';

const FIELDS: FieldRules = {
  firstName: { longest: 200, cleared: '' },
  lastName: { longest: 200, cleared: '' },
  timeZone: {},
  locale: {},
};

export type { UserRow } from './graph.js';

/** The signed-in user. @throws DomainError UNAUTHENTICATED when the account is gone though its token still is valid. */
export async function getViewer(reader: Reader): Promise<UserRow> {
  const viewer = await reader.find('users', reader.caller.userId);
  if (!viewer) throw unauthenticated('This account no longer exists. Sign in with another one.');
  return viewer as UserRow;
}

/** Changes what the input names of oneself. */
export async function updateViewer(request: WriteRequest, input: UpdateUserInput): Promise<string> {
  const changes = changesFrom(input, FIELDS);
  const { userId } = checkIsSignedIn(request.caller);
  return change(request, userId, async (writer) => {
    await writer.edit<UserRow>('users', userId, { action: 'UPDATE', check: () => undefined }, () => changes);
  });
}

/** Changes what the input names of a team member. */
export async function updateUser(
  request: WriteRequest,
  id: string,
  input: UpdateUserInput,
  expectedVersion?: number | null,
): Promise<string> {
  const changes = changesFrom(input, FIELDS);
  return manage(request, id, { action: 'UPDATE', expectedVersion }, () => changes);
}

/** Gives a role: none above one's own, and none to somebody above. The last owner stays one. */
export async function changeRole(
  request: WriteRequest,
  id: string,
  role: Role,
  expectedVersion?: number | null,
): Promise<string> {
  return manage(request, id, { action: 'CHANGE_ROLE', expectedVersion, grants: role }, async (user, writer) => {
    if (role !== 'OWNER') await checkIsNotLastOwner(writer, user);
    await revokeInvitationsOf(writer, user.id, role);
    return { role };
  });
}

/** Shuts a team member out: sessions end, and the records go to somebody else where the input says so. */
export async function deactivateUser(
  request: WriteRequest,
  id: string,
  input: DeactivateUserInput,
  expectedVersion?: number | null,
): Promise<string> {
  return manage(request, id, { action: 'DEACTIVATE', expectedVersion }, async (user, writer) => {
    await checkIsNotLastOwner(writer, user);
    if (typeof input.reassignTo === 'string') await handOver(writer, user, input.reassignTo);
    await shutOut(writer, user);
    return { isActive: false };
  });
}

/** Ends all that somebody is signed in by and has begun: sessions, and invitations that nobody has accepted. */
export async function shutOut(writer: Writer, user: UserRow): Promise<void> {
  await revokeInvitationsOf(writer, user.id, null);
  await endSessionsOf(writer, user.id);
}

/** Lets a team member in again. */
export async function reactivateUser(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return manage(request, id, { action: 'REACTIVATE', expectedVersion }, async (user, writer) => {
    // One that began while the account was being shut must not come to life again.
    if (!user.isActive) await endSessionsOf(writer, user.id);
    return { isActive: true };
  });
}

/** Makes somebody else an owner, and oneself an admin. */
export async function transferOwnership(request: WriteRequest, to: string): Promise<string> {
  const { userId } = request.caller;
  return change(request, to, async (writer) => {
    const caller = await managerNow(writer);
    const check = (): void => checkOwnsOrganization(caller);
    check();
    const heir = await holdActiveUser(writer, to, ['to']);
    if (heir.id === userId) throw invalid(['to'], 'You own the organization already. Choose somebody else.', 'INVALID');
    const action = 'TRANSFER_OWNERSHIP';
    await writer.edit<UserRow>('users', heir.id, { action, check }, () => ({ role: 'OWNER' }));
    await writer.edit<UserRow>('users', userId, { action, check }, () => ({ role: 'ADMIN' }));
    await revokeInvitationsOf(writer, userId, 'ADMIN');
  });
}

interface Verb {
  action: string;
  expectedVersion?: number | null | undefined;
  /** The role it gives. */
  grants?: Role;
}

async function manage(
  request: WriteRequest,
  id: string,
  { action, expectedVersion, grants }: Verb,
  changesOf: (user: UserRow, writer: Writer) => object | Promise<object>,
): Promise<string> {
  return change(request, id, async (writer) => {
    const caller = await managerNow(writer);
    const check = (user: UserRow): void => {
      checkCanManageUser(caller, user);
      if (grants) checkCanGrant(caller, grants);
    };
    await writer.edit<UserRow>('users', id, { action, expectedVersion, check }, async (user) => ({
      ...(await changesOf(user, writer)),
    }));
  });
}

async function handOver(writer: Writer, user: UserRow, to: string): Promise<void> {
  const path = ['input', 'reassignTo'];
  const heir = await holdActiveUser(writer, to, path);
  if (heir.id === user.id) throw invalid(path, 'Choose somebody else to take the records over.', 'INVALID');
  await giveAllRecords(writer, user.id, heir.id, path);
}

async function endSessionsOf({ beside, tenant }: Writer, userId: string): Promise<void> {
  await beside.session.updateMany({
    where: { ...tenant, userId, endedAt: null },
    data: { endedAt: new Date(), endReason: 'DEACTIVATED' },
  });
}
