import { randomUUID } from 'node:crypto';
import { ROLES, type Role } from '../src/caller.js';
import { openStage, PASSWORD, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;

beforeAll(async () => {
  stage = await openStage({ poolSize: 8 });
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const as = (role: Role, query: string, variables: Record<string, unknown> = {}): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables });
const codeOf = ({ errors }: Answer): string =>
  errors?.[0]?.extensions.fields?.[0]?.code ?? errors?.[0]?.extensions.code ?? 'done';
const change = (by: Role, of: Role, to: Role): Promise<Answer> =>
  as(by, `mutation { changeRole(id: "${org.users[of].id}", role: ${to}) { user { role version } } }`);
const deactivate = (by: Role, of: Role): Promise<Answer> =>
  as(by, `mutation { deactivateUser(id: "${org.users[of].id}") { user { isActive } } }`);
const roleOf = async (role: Role): Promise<{ role: Role; is_active: boolean }> =>
  (await stage.world.client.query('SELECT role, is_active FROM users WHERE id = $1', [org.users[role].id])).rows[0];
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Told {
  action: string;
  entity_type: string;
  entity_id: string;
  entity_version: number;
  fields: string[];
}

async function facts(): Promise<Told[]> {
  const { rows } = await stage.world.client.query<Told>(
    `SELECT action, entity_type, entity_id, entity_version, ARRAY(SELECT jsonb_object_keys(changes - '@ip') ORDER BY 1) AS fields
     FROM audit_logs WHERE org_id = $1 ORDER BY seq`,
    [org.id],
  );
  return rows;
}

/** Another user of the organization. */
async function join(role: Role): Promise<string> {
  const id = randomUUID();
  const person = { password_hash: '-', first_name: 'Some', last_name: 'Body', role, email: `${id}@example.com` };
  await stage.world.insert('users', [{ org_id: org.id, id, ...person }]);
  return id;
}

test('an organization’s settings have types and defaults; those left out stay, and a fact tells of the change', async () => {
  const ask = '{ organization { name version settings { timeZone currency locale country visibility } } }';
  const before = await as('VIEWER', ask);
  expect(before.data.organization.settings).toEqual({
    timeZone: 'UTC',
    currency: 'EUR',
    locale: 'EN',
    country: null,
    visibility: 'ORGANIZATION',
  });
  const update = `mutation ($i: UpdateOrganizationInput!, $v: Int) { updateOrganization(input: $i, expectedVersion: $v) {
    organization { name version settings { timeZone currency locale country visibility } } } }`;
  await as('ADMIN', update, { i: { settings: { timeZone: 'Europe/Berlin', locale: 'DE' } } });
  const { data } = await as('OWNER', update, { i: { name: 'New name', settings: { currency: 'CHF' } }, v: 2 });
  expect(data.updateOrganization.organization).toEqual({
    name: 'New name',
    version: 3,
    settings: { timeZone: 'Europe/Berlin', currency: 'CHF', locale: 'DE', country: null, visibility: 'ORGANIZATION' },
  });
  expect(await facts()).toEqual([
    expect.objectContaining({ action: 'UPDATE', entity_type: 'Organization', entity_version: 2, fields: ['settings'] }),
    expect.objectContaining({ action: 'UPDATE', entity_type: 'Organization', entity_version: 3, fields: ['name', 'settings'] }),
  ]);
  expect(codeOf(await as('OWNER', update, { i: { name: 'Other' }, v: 1 }))).toBe('CONFLICT');
  expect(codeOf(await as('OWNER', update, { i: { name: ' ' } }))).toBe('INVALID');
  expect(codeOf(await as('OWNER', update, { i: { settings: { visibility: 'TEAM' } } }))).toBe('NOT_SUPPORTED');
  const cleared = await as('OWNER', update, { i: { settings: { currency: null } } });
  expect(cleared.errors?.[0]?.extensions.fields?.[0]?.path).toEqual(['input', 'settings', 'currency']);
  for (const timeZone of ['+01:00', 'Mars/Olympus', ''])
    expect(codeOf(await as('OWNER', update, { i: { settings: { timeZone } } }))).toBe('BAD_USER_INPUT');
  expect(await facts()).toHaveLength(2);
});

test('visibility that an owner sets is felt at once', async () => {
  await stage.world.deal(org, { owner_id: org.users.MANAGER.id });
  const seen = async (): Promise<number> => (await as('MEMBER', '{ deals { totalCount } }')).data.deals.totalCount as number;
  expect(await seen()).toBe(1);
  await as('OWNER', 'mutation { updateOrganization(input: { settings: { visibility: OWNER } }) { organization { id } } }');
  expect(await seen()).toBe(0);
});

test('everybody changes their own name and preferences, and nothing else', async () => {
  const { data } = await as(
    'VIEWER',
    'mutation { updateViewer(input: { firstName: "Vera", timeZone: "Europe/Paris", locale: DE }) { user { displayName timeZone locale role version } } }',
  );
  expect(data.updateViewer.user).toEqual({
    displayName: 'Vera Person',
    timeZone: 'Europe/Paris',
    locale: 'DE',
    role: 'VIEWER',
    version: 2,
  });
  const cleared = await as(
    'VIEWER',
    'mutation { updateViewer(input: { timeZone: null, locale: null }) { user { timeZone locale } } }',
  );
  expect(cleared.data.updateViewer.user).toEqual({ timeZone: null, locale: null });
  expect((await facts()).map(({ action, fields }) => [action, fields])).toEqual([
    ['UPDATE', ['firstName', 'locale', 'timeZone']],
    ['UPDATE', ['locale', 'timeZone']],
  ]);
});

test('nobody grants a role above their own, and nobody changes somebody above', async () => {
  for (const by of ROLES)
    for (const to of ROLES) {
      const id = await join('VIEWER');
      const answer = await as(by, `mutation { changeRole(id: "${id}", role: ${to}) { user { role } } }`);
      const may = by === 'OWNER' || (by === 'ADMIN' && to !== 'OWNER');
      expect([by, to, codeOf(answer)]).toEqual([by, to, may ? 'done' : 'FORBIDDEN']);
    }
  const attempts = [
    await change('ADMIN', 'OWNER', 'VIEWER'),
    await deactivate('ADMIN', 'OWNER'),
    await as('ADMIN', `mutation { updateUser(id: "${org.users.OWNER.id}", input: { firstName: "x" }) { user { id } } }`),
    await as('ADMIN', `mutation { reactivateUser(id: "${org.users.OWNER.id}") { user { id } } }`),
    await change('ADMIN', 'ADMIN', 'OWNER'),
  ];
  expect(attempts.map(codeOf)).toEqual(attempts.map(() => 'FORBIDDEN'));
  const { data } = await as(
    'ADMIN',
    `{ owner: user(id: "${org.users.OWNER.id}") { viewerCan { update } } member: user(id: "${org.users.MEMBER.id}") { viewerCan { update } } }`,
  );
  expect(data).toEqual({ owner: { viewerCan: { update: false } }, member: { viewerCan: { update: true } } });
});

test('the last owner can be neither demoted nor shut out; somebody else’s help changes that', async () => {
  expect(codeOf(await change('OWNER', 'OWNER', 'ADMIN'))).toBe('LAST_OWNER');
  expect(codeOf(await deactivate('OWNER', 'OWNER'))).toBe('LAST_OWNER');
  await change('OWNER', 'ADMIN', 'OWNER');
  await deactivate('OWNER', 'ADMIN');
  expect(codeOf(await change('OWNER', 'OWNER', 'ADMIN'))).toBe('LAST_OWNER');
  await as('OWNER', `mutation { reactivateUser(id: "${org.users.ADMIN.id}") { user { id } } }`);
  expect(codeOf(await change('OWNER', 'OWNER', 'ADMIN'))).toBe('done');
  expect(await roleOf('OWNER')).toMatchObject({ role: 'ADMIN' });
});

test('two owners who demote or shut out each other at the same moment leave one', async () => {
  for (let round = 0; round < 10; round += 1) {
    org = await stage.world.organization();
    await stage.world.client.query(`UPDATE users SET role = 'OWNER' WHERE id = $1`, [org.users.ADMIN.id]);
    const [one, other] = round % 2 ? [deactivate, deactivate] : [change, change];
    await Promise.all([one('OWNER', 'ADMIN', 'VIEWER'), other('ADMIN', 'OWNER', 'VIEWER')]);
    const { rows } = await stage.world.client.query(
      `SELECT count(*)::int AS n FROM users WHERE org_id = $1 AND role = 'OWNER' AND is_active`,
      [org.id],
    );
    expect(rows).toEqual([{ n: 1 }]);
  }
});

test('ownership is given away with the password: the heir is an owner, the giver an admin', async () => {
  const give = (role: Role, to: string, currentPassword: string): Promise<Answer> =>
    as(role, 'mutation ($to: ID!, $p: String!) { transferOwnership(to: $to, currentPassword: $p) { user { role } } }', {
      to,
      p: currentPassword,
    });
  const { MEMBER, OWNER } = org.users;
  expect(codeOf(await give('OWNER', MEMBER.id, 'something else entirely'))).toBe('WRONG_PASSWORD');
  expect(codeOf(await give('ADMIN', MEMBER.id, PASSWORD))).toBe('FORBIDDEN');
  const foreign = (await stage.world.organization()).users.MEMBER.id;
  for (const id of [foreign, randomUUID(), 'x']) expect(codeOf(await give('OWNER', id, PASSWORD))).toBe('NOT_FOUND');
  expect(codeOf(await give('OWNER', OWNER.id, PASSWORD))).toBe('INVALID');
  expect(await facts()).toEqual([]);
  expect((await give('OWNER', MEMBER.id, PASSWORD)).data.transferOwnership.user).toEqual({ role: 'OWNER' });
  expect([await roleOf('MEMBER'), await roleOf('OWNER')]).toMatchObject([{ role: 'OWNER' }, { role: 'ADMIN' }]);
  expect((await facts()).map(({ action, entity_id, fields }) => [action, entity_id, fields])).toEqual([
    ['TRANSFER_OWNERSHIP', MEMBER.id, ['role']],
    ['TRANSFER_OWNERSHIP', OWNER.id, ['role']],
  ]);
});

test('a demotion and a shut-out through the API are felt within a second, and nobody signs in any more', async () => {
  const create = 'mutation { createCompany(input: { name: "x" }) { company { id } } }';
  expect(codeOf(await as('MANAGER', create))).toBe('done');
  expect(codeOf(await as('MEMBER', create))).toBe('done');
  await change('OWNER', 'MANAGER', 'VIEWER');
  await deactivate('OWNER', 'MEMBER');
  await pause(1_000);
  expect(codeOf(await as('MANAGER', create))).toBe('FORBIDDEN');
  expect(codeOf(await as('MEMBER', create))).toBe('SESSION_ENDED');
  const login = (): Promise<Answer> =>
    stage.send('mutation ($i: LoginInput!) { login(input: $i) { accessToken } }', {
      variables: { i: { email: org.users.MEMBER.email, password: PASSWORD } },
    });
  expect(codeOf(await login())).toBe('INVALID_CREDENTIALS');
  await as('ADMIN', `mutation { reactivateUser(id: "${org.users.MEMBER.id}") { user { isActive } } }`);
  await pause(1_000);
  expect(codeOf(await as('MEMBER', create))).toBe('SESSION_ENDED');
  expect(codeOf(await login())).toBe('done');
  expect((await facts()).map(({ action }) => action)).toEqual(
    expect.arrayContaining(['CHANGE_ROLE', 'DEACTIVATE', 'REACTIVATE']),
  );
});

describe('handing over', () => {
  const reassign = (role: Role, from: string, to: string): Promise<Answer> =>
    as(role, `mutation { reassignRecords(from: "${from}", to: "${to}") { from { id } to { id } remaining } }`);

  async function estate(owner_id: string): Promise<string[]> {
    const { world } = stage;
    const company = await world.company(org, { owner_id });
    const contact = await world.contact(org, { owner_id });
    const deal = await world.deal(org, { owner_id });
    const task = await world.activity(org, { owner_id, contact_id: contact });
    const done = { is_completed: true, completed_at: new Date().toISOString() };
    await world.activity(org, { owner_id, contact_id: contact, ...done });
    await world.deal(org, { owner_id, deleted_at: new Date().toISOString() });
    return [company, contact, deal, task];
  }

  test('managers give all that a colleague looks after to another: a fact and a version a record, once', async () => {
    const { MEMBER, MANAGER } = org.users;
    const records = await estate(MEMBER.id);
    for (const role of ['MEMBER', 'VIEWER'] as const)
      expect(codeOf(await reassign(role, MEMBER.id, MANAGER.id))).toBe('FORBIDDEN');
    const { data } = await reassign('MANAGER', MEMBER.id, MANAGER.id);
    expect(data.reassignRecords).toEqual({ from: { id: MEMBER.id }, to: { id: MANAGER.id }, remaining: 0 });
    const told = await facts();
    expect(told.map(({ entity_id }) => entity_id).sort()).toEqual([...records].sort());
    expect(told).toEqual(told.map(() => expect.objectContaining({ action: 'REASSIGN', entity_version: 2, fields: ['ownerId'] })));
    const { rows } = await stage.world.client.query(
      `SELECT version, owner_id FROM (SELECT id, version, owner_id FROM companies UNION ALL SELECT id, version, owner_id FROM contacts
         UNION ALL SELECT id, version, owner_id FROM deals UNION ALL SELECT id, version, owner_id FROM activities) AS r WHERE id = ANY($1)`,
      [records],
    );
    expect(rows).toEqual(records.map(() => ({ version: 2, owner_id: MANAGER.id })));
    await reassign('MANAGER', MEMBER.id, MANAGER.id);
    expect(await facts()).toHaveLength(4);
  });

  test('who is shut out hands over in the same change; to nobody inactive, and not to oneself', async () => {
    const { MEMBER, MANAGER, VIEWER } = org.users;
    await estate(MEMBER.id);
    const leave = (reassignTo: string): Promise<Answer> =>
      as(
        'OWNER',
        `mutation { deactivateUser(id: "${MEMBER.id}", input: { reassignTo: "${reassignTo}" }) { user { isActive } } }`,
      );
    await deactivate('OWNER', 'VIEWER');
    expect(codeOf(await leave(VIEWER.id))).toBe('INACTIVE');
    expect(codeOf(await leave(MEMBER.id))).toBe('INVALID');
    expect(await roleOf('MEMBER')).toMatchObject({ is_active: true });
    expect((await leave(MANAGER.id)).data.deactivateUser.user).toEqual({ isActive: false });
    expect((await facts()).map(({ action }) => action).sort()).toEqual([
      'DEACTIVATE',
      'DEACTIVATE',
      ...Array(4).fill('REASSIGN'),
    ]);
  });
});
