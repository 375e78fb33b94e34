import { randomUUID } from 'node:crypto';
import { ROLES, type Role } from '../src/caller.js';
import { linkFor } from './support/accounts.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

const DAY = 86_400_000;
const STRONG = 'seven unusual lanterns glow';
let now = Math.floor(Date.now() / 1000) * 1000;
let stage: Stage;
let org: Organization;

beforeAll(async () => {
  stage = await openStage({ now: () => now, poolSize: 8 });
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const newAddress = (): string => `invited-${randomUUID().slice(0, 8)}@example.com`;
const codeOf = ({ errors }: Answer): string =>
  errors?.[0]?.extensions.fields?.[0]?.code ?? errors?.[0]?.extensions.code ?? 'done';
const as = (role: Role, query: string, variables: Record<string, unknown> = {}): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables });
const invite = (by: Role, email: string, role: Role = 'MEMBER'): Promise<Answer> =>
  as(by, 'mutation ($i: InviteUserInput!) { inviteUser(input: $i) { invitation { id email role version invitedBy { id } } } }', {
    i: { email, role },
  });
const revoke = (by: Role, id: string): Promise<Answer> =>
  as(by, `mutation { revokeInvitation(id: "${id}") { invitation { revokedAt } } }`);
const open = async (): Promise<string[]> =>
  (await as('ADMIN', '{ invitations { email } }')).data.invitations.map(({ email }: { email: string }) => email) as string[];

function accept(token: string | null, password = STRONG): Promise<Answer> {
  return stage.send(
    'mutation ($i: AcceptInvitationInput!) { acceptInvitation(input: $i) { accessToken user { id email role displayName organization { id } } } }',
    { variables: { i: { token, firstName: 'Ina', lastName: 'Vited', password } } },
  );
}

async function invited(email: string, role: Role = 'MEMBER'): Promise<string> {
  expect(codeOf(await invite('ADMIN', email, role))).toBe('done');
  const { mail, token } = await linkFor(stage, email);
  expect(mail).toBe('invitation');
  return token ?? '';
}

async function actions(): Promise<string[]> {
  const { rows } = await stage.world.client.query<{ told: string }>(
    `SELECT action || ' ' || entity_type AS told FROM audit_logs WHERE org_id = $1 ORDER BY seq`,
    [org.id],
  );
  return rows.map(({ told }) => told);
}

test('who is invited joins with the role of the invitation, and is signed in', async () => {
  const email = newAddress();
  const token = await invited(email, 'MANAGER');
  expect(await open()).toEqual([email]);
  const { data, errors } = await accept(token);
  expect(errors).toBeUndefined();
  expect(data.acceptInvitation.user).toMatchObject({
    email,
    role: 'MANAGER',
    displayName: 'Ina Vited',
    organization: { id: org.id },
  });
  expect(await open()).toEqual([]);
  const made = await stage.send('mutation { createCompany(input: { name: "x" }) { company { id } } }', {
    token: data.acceptInvitation.accessToken,
  });
  expect(made.errors).toBeUndefined();
  expect((await actions()).slice(0, 3).sort()).toEqual(['ACCEPT Invitation', 'INVITE Invitation', 'JOIN User']);
});

test('admins and owners invite, and nobody to a role above their own', async () => {
  for (const by of ROLES)
    for (const role of ROLES) {
      const may = by === 'OWNER' || (by === 'ADMIN' && role !== 'OWNER');
      expect([by, role, codeOf(await invite(by, newAddress(), role))]).toEqual([by, role, may ? 'done' : 'FORBIDDEN']);
    }
  const { data } = await invite('ADMIN', newAddress());
  for (const by of ['MANAGER', 'MEMBER', 'VIEWER'] as const) {
    expect(codeOf(await as(by, '{ invitations { email } }'))).toBe('FORBIDDEN');
    expect(codeOf(await revoke(by, data.inviteUser.invitation.id))).toBe('FORBIDDEN');
  }
});

test('an answer that was lost locks nobody out, and a link is for one use', async () => {
  const token = await invited(newAddress());
  const answers = await Promise.all([accept(token), accept(token)]);
  const ids = [...answers, await accept(token)].map(({ data }) => data.acceptInvitation?.user.id as string);
  expect(new Set(ids).size).toBe(1);
  expect(codeOf(await accept(token, 'another unusual lantern here'))).toBe('INVALID_TOKEN');
  now += 8 * DAY;
  expect(codeOf(await accept(token))).toBe('INVALID_TOKEN');
});

test('a newer invitation, revoking, and seven days make a link worthless', async () => {
  const email = newAddress();
  const older = await invited(email);
  const newer = await invited(email);
  expect(codeOf(await accept(older))).toBe('INVALID_TOKEN');
  expect(await open()).toEqual([email]);
  const { data } = await as('OWNER', '{ invitations { id } }');
  expect((await revoke('OWNER', data.invitations[0].id)).data.revokeInvitation.invitation.revokedAt).toEqual(expect.any(String));
  expect(codeOf(await accept(newer))).toBe('INVALID_TOKEN');
  const told = await actions();
  await revoke('OWNER', data.invitations[0].id);
  expect(await actions()).toEqual(told);
  const late = await invited(newAddress());
  now += 7 * DAY;
  expect(await open()).toEqual([]);
  expect(codeOf(await accept(late))).toBe('INVALID_TOKEN');
});

test('whether an address has an account elsewhere is told to its mailbox alone; who is in the team is known to it', async () => {
  const other = (await stage.world.organization()).users.MEMBER.email;
  const [free, taken] = [await invite('ADMIN', newAddress()), await invite('ADMIN', other)];
  expect(taken.errors).toBeUndefined();
  expect({ ...taken.data.inviteUser.invitation, id: 0, email: 0 }).toEqual({
    ...free.data.inviteUser.invitation,
    id: 0,
    email: 0,
  });
  expect(await linkFor(stage, other)).toMatchObject({ mail: 'invitationForMember', token: null });
  const mine = await invite('ADMIN', org.users.VIEWER.email.toUpperCase());
  expect(mine.errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', existingId: org.users.VIEWER.id });
});

test('an address that has got an account meanwhile cannot join with another one', async () => {
  const email = newAddress();
  const token = await invited(email);
  const other = await stage.world.organization();
  await stage.world.client.query('UPDATE users SET email = $1 WHERE id = $2', [email, other.users.MEMBER.id]);
  expect(codeOf(await accept(token))).toBe('EMAIL_TAKEN');
});

test('what somebody may no longer give, nobody gets from them', async () => {
  const [asAdmin, asMember] = [await invited(newAddress(), 'ADMIN'), await invited(newAddress(), 'MEMBER')];
  await as('OWNER', `mutation { changeRole(id: "${org.users.ADMIN.id}", role: MANAGER) { user { id } } }`);
  expect([codeOf(await accept(asAdmin)), codeOf(await accept(asMember))]).toEqual(['INVALID_TOKEN', 'INVALID_TOKEN']);
  await as('OWNER', `mutation { changeRole(id: "${org.users.ADMIN.id}", role: ADMIN) { user { id } } }`);
});

test('an invitation of another organization cannot be revoked or seen', async () => {
  const { data } = await invite('ADMIN', newAddress());
  const stranger = stage.tokenOf(await stage.world.organization(), 'OWNER');
  const id = data.inviteUser.invitation.id as string;
  const attempt = await stage.send(`mutation { revokeInvitation(id: "${id}") { invitation { id } } }`, { token: stranger });
  expect(codeOf(attempt)).toBe('NOT_FOUND');
  expect((await stage.send('{ invitations { id } }', { token: stranger })).data.invitations).toEqual([]);
});
