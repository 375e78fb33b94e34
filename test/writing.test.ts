import { randomUUID } from 'node:crypto';
import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
let token: string;

beforeAll(async () => {
  stage = await openStage({ poolSize: 10 });
});
beforeEach(async () => {
  org = await stage.world.organization();
  token = stage.tokenOf(org);
});
afterAll(() => stage.close());

const send = (query: string, variables: Record<string, unknown> = {}, as = token): Promise<Answer> =>
  stage.send(query, { token: as, variables });

async function ok(query: string, variables: Record<string, unknown> = {}, as = token): Promise<Answer['data']> {
  const { data, errors } = await send(query, variables, as);
  expect(errors).toBeUndefined();
  return data;
}

interface FactRow {
  seq: number;
  action: string;
  entity_version: number;
  values: Record<string, [unknown, unknown]> | null;
}

async function facts(entityId?: string): Promise<FactRow[]> {
  const { rows } = await stage.world.client.query<FactRow>(
    `SELECT a.seq::int, a.action, a.entity_type, a.entity_id, a.entity_version, a.user_id, a.request_id, a.operation, a.change_id,
            (SELECT jsonb_object_agg(field, jsonb_build_array(before, after)) FROM audit_values v WHERE v.audit_id = a.id AND field <> '@ip') AS values
     FROM audit_logs a WHERE a.org_id = $1 AND ($2::uuid IS NULL OR a.entity_id = $2) ORDER BY a.seq`,
    [org.id, entityId ?? null],
  );
  return rows;
}

const CREATE =
  'mutation Make($input: CreateDealInput!) { createDeal(input: $input) { deal { id title version value currency status position stage { name } owner { id } } } }';

test('a deal is made, changed, moved, won, reopened, deleted and restored, each with one fact and one version more', async () => {
  const { createDeal } = await ok(CREATE, { input: { title: 'Engine', value: '10.50' } });
  const { id } = createDeal.deal;
  expect(createDeal.deal).toMatchObject({
    title: 'Engine',
    version: 1,
    value: '10.50',
    currency: 'EUR',
    status: 'OPEN',
    stage: { name: 'First' },
    owner: { id: org.users.MEMBER.id },
  });
  const answers = [
    await ok(
      'mutation ($id: ID!) { updateDeal(id: $id, input: { title: "Better engine", value: null }) { deal { version title value } } }',
      { id },
    ),
    await ok('mutation ($id: ID!, $s: ID!) { moveDeal(id: $id, input: { stageId: $s }) { deal { version stage { name } } } }', {
      id,
      s: org.stageIds[1],
    }),
    await ok('mutation ($id: ID!) { winDeal(id: $id) { deal { version status closedAt } } }', { id }),
    await ok('mutation ($id: ID!) { reopenDeal(id: $id) { deal { version status closedAt } notice } }', { id }),
    await ok('mutation ($id: ID!) { loseDeal(id: $id, input: { reason: "Price" }) { deal { version status lostReason } } }', {
      id,
    }),
    await ok('mutation ($id: ID!) { deleteDeal(id: $id) { deal { version deletedAt } } }', { id }),
    await ok('mutation ($id: ID!) { restoreDeal(id: $id) { deal { version deletedAt } } }', { id }),
  ].map((data) => Object.values(data as object)[0]);
  expect(answers).toMatchObject([
    { deal: { version: 2, title: 'Better engine', value: null } },
    { deal: { version: 3, stage: { name: 'Second' } } },
    { deal: { version: 4, status: 'WON', closedAt: expect.any(String) } },
    { deal: { version: 5, status: 'OPEN', closedAt: null }, notice: null },
    { deal: { version: 6, status: 'LOST', lostReason: 'Price' } },
    { deal: { version: 7, deletedAt: expect.any(String) } },
    { deal: { version: 8, deletedAt: null } },
  ]);
  const told = await facts(id);
  expect(told.map((fact) => [fact.seq, fact.action, fact.entity_version])).toEqual(
    ['CREATE', 'UPDATE', 'MOVE', 'WIN', 'REOPEN', 'LOSE', 'DELETE', 'RESTORE'].map((action, index) => [
      index + 1,
      action,
      index + 1,
    ]),
  );
  expect(told[0]).toMatchObject({
    user_id: org.users.MEMBER.id,
    operation: 'Make',
    request_id: expect.any(String),
    values: { title: [null, 'Engine'] },
  });
  expect(told[1]?.values).toEqual({ title: ['Engine', 'Better engine'], value: ['10.5', null] });
  const { rows } = await stage.world.client.query(
    'SELECT stage_id, status, is_deleted FROM deal_history WHERE deal_id = $1 ORDER BY at, seq',
    [id],
  );
  expect(rows.map((row: { status: string; is_deleted: boolean }) => [row.status, row.is_deleted])).toEqual([
    ['OPEN', false],
    ['OPEN', false],
    ['OPEN', false],
    ['WON', false],
    ['OPEN', false],
    ['LOST', false],
    ['LOST', true],
    ['LOST', false],
  ]);
});

test('what changes nothing leaves version and audit alone', async () => {
  const { createDeal } = await ok(CREATE, { input: { title: 'Still', value: '10', contactId: await stage.world.contact(org) } });
  const { id } = createDeal.deal;
  const before = await facts();
  for (const query of [
    'updateDeal(id: $id, input: {}) { deal { version } }',
    'updateDeal(id: $id, input: { title: "Still", value: "10.00", currency: "EUR" }) { deal { version } }',
    'moveDeal(id: $id, input: { stageId: "STAGE" }) { deal { version } }'.replace('STAGE', org.stageIds[0] ?? ''),
    'reopenDeal(id: $id) { deal { version } }',
    'restoreDeal(id: $id) { deal { version } }',
  ]) {
    const data = await ok(`mutation ($id: ID!) { ${query} }`, { id });
    expect(Object.values(data as object)[0].deal.version).toBe(1);
  }
  expect(await facts()).toEqual(before);
});

test('logging an activity, and putting another deal beside it, do not change a deal’s version', async () => {
  const { createDeal } = await ok(CREATE, { input: { title: 'Quiet' } });
  const { id } = createDeal.deal;
  const { createActivity } = await ok(
    'mutation ($id: ID!) { createActivity(input: { type: CALL, subject: "Hello", dealId: $id }) { activity { id deal { version lastActivityAt updatedAt createdAt } createdBy { id } owner { id } } } }',
    { id },
  );
  expect(createActivity.activity.deal.version).toBe(1);
  expect(createActivity.activity.deal.lastActivityAt).not.toBeNull();
  expect(createActivity.activity.deal.updatedAt).toBe(createActivity.activity.deal.createdAt);
  await ok('mutation ($i: CreateDealInput!) { createDeal(input: $i) { deal { id } } }', {
    i: { title: 'Beside', place: { before: id } },
  });
  const { deals } = await ok('{ deals(orderBy: [{ position: ASC }]) { nodes { title version } } }');
  expect(deals.nodes).toEqual([
    { title: 'Beside', version: 1 },
    { title: 'Quiet', version: 1 },
  ]);
});

test('deals are placed by their neighbours, however often, and a column without room is spread without new versions', async () => {
  const make = async (title: string, place: object): Promise<string> =>
    (await ok(CREATE, { input: { title, place } })).createDeal.deal.id;
  const a = await make('a', { at: 'BOTTOM' });
  const c = await make('c', { after: a });
  const ids = [a, c];
  for (let round = 0; round < 40; round += 1)
    ids.splice(1, 0, await make(`b${round}`, round % 2 ? { after: a } : { before: ids[1] }));
  const order = async (): Promise<string[]> => {
    const { deals } = await ok('{ deals(first: 100, orderBy: [{ position: ASC }]) { nodes { id version } } }');
    expect(new Set(deals.nodes.map((deal: { version: number }) => deal.version))).toEqual(new Set([1]));
    return deals.nodes.map((deal: { id: string }) => deal.id);
  };
  expect(await order()).toEqual(ids);
  await stage.world.client.query(`UPDATE deals SET position = 'V' WHERE org_id = $1`, [org.id]);
  const tied = await order();
  const between = await make('between', { after: tied[4] });
  expect(await order()).toEqual([...tied.slice(0, 5), between, ...tied.slice(5)]);
  const top = await ok(
    'mutation ($id: ID!, $s: ID!) { moveDeal(id: $id, input: { stageId: $s, place: { at: TOP } }) { deal { version } } }',
    { id: between, s: org.stageIds[0] },
  );
  expect(top.moveDeal.deal.version).toBe(2);
});

test('a stale expectedVersion is a conflict that says what changed and who did it', async () => {
  const { createDeal } = await ok(CREATE, { input: { title: 'Contested' } });
  const { id } = createDeal.deal;
  await ok(
    'mutation ($id: ID!) { updateDeal(id: $id, input: { title: "Mine", value: "5" }) { deal { id } } }',
    { id },
    stage.tokenOf(org, 'ADMIN'),
  );
  const { errors, data } = await send(
    'mutation ($id: ID!) { updateDeal(id: $id, input: { title: "No, mine" }, expectedVersion: 1) { deal { id } } }',
    { id },
  );
  expect(data).toEqual({ updateDeal: null });
  expect(errors?.[0]?.extensions).toMatchObject({
    code: 'CONFLICT',
    currentVersion: 2,
    changedFields: ['title', 'value'],
    changedBy: [{ id: org.users.ADMIN.id, displayName: 'ADMIN Person' }],
  });
});

test('of two writers with one expectedVersion one wins', async () => {
  const { createDeal } = await ok(CREATE, { input: { title: 'Race' } });
  const answers = await Promise.all(
    [1, 2, 3, 4].map((n) =>
      send(
        'mutation ($id: ID!, $t: String!) { updateDeal(id: $id, input: { title: $t }, expectedVersion: 1) { deal { version } } }',
        { id: createDeal.deal.id, t: `Race ${n}` },
      ),
    ),
  );
  const lost = answers.filter((answer) => answer.errors);
  expect(lost).toHaveLength(3);
  for (const { errors } of lost)
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', currentVersion: 2, changedFields: ['title'] });
});

test('a change whose facts cannot be written does not happen', async () => {
  const { createDeal } = await ok(CREATE, { input: { title: 'Before' } });
  await stage.world.client.query(`ALTER TABLE audit_values ADD CONSTRAINT broken CHECK (field <> 'title') NOT VALID`);
  const { errors } = await send('mutation ($id: ID!) { updateDeal(id: $id, input: { title: "After" }) { deal { id } } }', {
    id: createDeal.deal.id,
  });
  await stage.world.client.query('ALTER TABLE audit_values DROP CONSTRAINT broken');
  expect(errors?.[0]?.extensions.code).toBe('INTERNAL');
  expect((await ok('query ($id: ID!) { deal(id: $id) { title version } }', { id: createDeal.deal.id })).deal).toEqual({
    title: 'Before',
    version: 1,
  });
});

describe('idempotency', () => {
  const KEYED =
    'mutation ($k: String!, $t: String!) { createDeal(input: { title: $t }) @idempotent(key: $k) { deal { id title } } }';

  test('fifty calls at once with one key: one row, one set of facts, one id', async () => {
    const k = randomUUID();
    const idOf = async (tries = 0): Promise<string> => {
      const { data, errors } = await send(KEYED, { k, t: 'Once' });
      if (!errors) return data.createDeal.deal.id;
      // What a client does with an answer that says when to repeat.
      expect(errors[0]?.extensions.retryAfterSeconds).toBeGreaterThan(0);
      expect(tries).toBeLessThan(5);
      return idOf(tries + 1);
    };
    const ids = await Promise.all(Array.from({ length: 50 }, () => idOf()));
    expect(new Set(ids).size).toBe(1);
    expect((await ok('{ deals { totalCount } }')).deals.totalCount).toBe(1);
    expect(await facts()).toHaveLength(1);
  });

  test('another selection is the same request, other arguments and another field are not', async () => {
    const k = randomUUID();
    const first = await ok(KEYED, { k, t: 'One' });
    const again = await ok(
      'mutation ($k: String!) { again: createDeal(input: { title: "One" }) @idempotent(key: $k) { deal { id version stage { name } } } }',
      { k },
    );
    expect(again.again.deal).toEqual({ id: first.createDeal.deal.id, version: 1, stage: { name: 'First' } });
    for (const query of [
      'createDeal(input: { title: "Two" }) @idempotent(key: $k) { deal { id } }',
      'createCompany(input: { name: "One" }) @idempotent(key: $k) { company { id } }',
    ]) {
      expect((await send(`mutation ($k: String!) { ${query} }`, { k })).errors?.[0]?.extensions.code).toBe(
        'IDEMPOTENCY_MISMATCH',
      );
    }
    const colleague = await ok(KEYED, { k, t: 'Theirs' }, stage.tokenOf(org, 'ADMIN'));
    expect(colleague.createDeal.deal.id).not.toBe(first.createDeal.deal.id);
  });

  test('the payload is read afresh, the key is checked before the version, and a failure is not remembered', async () => {
    const { createDeal } = await ok(CREATE, { input: { title: 'Fresh' } });
    const { id } = createDeal.deal;
    const k = randomUUID();
    const UPDATE =
      'mutation ($id: ID!, $k: String!) { updateDeal(id: $id, input: { title: "Changed" }, expectedVersion: 1) @idempotent(key: $k) { deal { version title } } }';
    await ok(UPDATE, { id, k });
    await ok('mutation ($id: ID!) { updateDeal(id: $id, input: { title: "Later" }) { deal { id } } }', { id });
    expect((await ok(UPDATE, { id, k })).updateDeal.deal).toEqual({ version: 3, title: 'Later' });
    const failing = randomUUID();
    const MOVE =
      'mutation ($id: ID!, $k: String!, $s: ID!) { moveDeal(id: $id, input: { stageId: $s }) @idempotent(key: $k) { deal { version } } }';
    expect((await send(MOVE, { id, k: failing, s: randomUUID() })).errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
    await ok(MOVE, { id, k: failing, s: org.stageIds[2] });
  });

  test('a key lasts a day; an empty or long one is refused; login takes none', async () => {
    const k = randomUUID();
    const first = await ok(KEYED, { k, t: 'Day' });
    await stage.world.client.query(`UPDATE idempotency_keys SET expires_at = now() - interval '1 second' WHERE org_id = $1`, [
      org.id,
    ]);
    expect((await ok(KEYED, { k, t: 'Next day' })).createDeal.deal.id).not.toBe(first.createDeal.deal.id);
    for (const bad of ['', 'x'.repeat(256), '\u0000'])
      expect((await send(KEYED, { k: bad, t: 'x' })).errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
    const login = await send('mutation { login(input: { email: "a", password: "b" }) @idempotent(key: "k") { accessToken } }');
    expect(login.errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
  });
});

test.each([
  '{ deals(first: 1) @idempotent(key: "k") { nodes { id } } }',
  'mutation { createDeal(input: { title: "Twice" }) { deal @idempotent(key: "k") { id } } }',
  'mutation { createDeal(input: { title: "Twice" }) { deal { ...F } } } fragment F on Deal { id @idempotent(key: "k") }',
])('@idempotent that nobody would look for is refused: %s', async (query) => {
  const { errors, data } = await send(query);
  expect(data).toBeUndefined();
  expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
});

test('@idempotent may stand at a mutation within a fragment', async () => {
  const query =
    'mutation { ...F } fragment F on Mutation { createDeal(input: { title: "Once" }) @idempotent(key: "fragment") { deal { id } } }';
  const [first, again] = [await ok(query), await ok(query)];
  expect(again).toEqual(first);
});

test('what an input says wrongly is told field by field, and nothing is lost', async () => {
  const { errors } = await send('mutation ($i: CreateContactInput!) { createContact(input: $i) { contact { id } } }', {
    i: { firstName: 'x'.repeat(201), email: 'nobody', lastName: 'a\u0000b' },
  });
  expect(errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
  expect(errors?.[0]?.extensions.fields?.map((field) => field.path.join('.')).sort()).toEqual([
    'input.email',
    'input.firstName',
    'input.lastName',
  ]);
  const cases: [string, string][] = [
    ['createDeal(input: { title: " " }) { deal { id } }', 'input.title'],
    ['createDeal(input: { title: "x", value: "1.005" }) { deal { id } }', 'input.value'],
    ['createDeal(input: { title: "x", value: "1.5", currency: "JPY" }) { deal { id } }', 'input.value'],
    ['createDeal(input: { title: "x", contactId: "nobody" }) { deal { id } }', 'input.contactId'],
    ['createDeal(input: { title: "x", stageId: "nowhere" }) { deal { id } }', 'input.stageId'],
    ['createDeal(input: { title: "x", pipelineId: "nowhere" }) { deal { id } }', 'input.pipelineId'],
    ['createDeal(input: { title: "x", place: { after: "nothing" } }) { deal { id } }', 'input.place.after'],
    ['createDeal(input: { title: "x", id: "no-uuid" }) { deal { id } }', 'input.id'],
    ['createContact(input: { jobTitle: "Nameless" }) { contact { id } }', 'input.lastName'],
    ['createActivity(input: { type: NOTE, subject: "About nothing" }) { activity { id } }', 'input.dealId'],
  ];
  for (const [query, path] of cases) {
    const answer = await send(`mutation { ${query} }`);
    expect([query, answer.errors?.[0]?.extensions.code, answer.errors?.[0]?.extensions.fields?.[0]?.path.join('.')]).toEqual([
      query,
      'INVALID_INPUT',
      path,
    ]);
  }
});

test('a record may bring its own id, once', async () => {
  const id = randomUUID();
  const MAKE = 'mutation ($id: ID!) { createCompany(input: { id: $id, name: "Own" }) { company { id } } }';
  expect((await ok(MAKE, { id: id.toUpperCase() })).createCompany.company.id).toBe(id);
  expect((await send(MAKE, { id })).errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', existingId: id });
  const other = await stage.world.organization();
  expect((await ok(MAKE, { id }, stage.tokenOf(other))).createCompany.company.id).toBe(id);
});
