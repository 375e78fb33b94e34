import { ROLES, type Role } from '../src/caller.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;

beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const send = (query: string, variables: Record<string, unknown> = {}, role: Role = 'MANAGER'): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables });

async function contact(tags: string[], more: Record<string, unknown> = {}): Promise<string> {
  return stage.world.contact(org, { tags, ...more });
}

interface State {
  tags: string[];
  version: number;
  facts: string[];
}

async function state(id: string): Promise<State> {
  const { rows } = await stage.world.client.query<State>(
    `SELECT tags, version, ARRAY(SELECT action FROM audit_logs AS a WHERE a.org_id = c.org_id AND entity_id = c.id ORDER BY seq) AS facts
       FROM contacts AS c WHERE id = $1`,
    [id],
  );
  return rows[0] as State;
}

async function tags(args = '', role: Role = 'MANAGER'): Promise<Record<string, number>> {
  const { data, errors } = await send(`{ tags${args} { name count } }`, {}, role);
  expect(errors).toBeUndefined();
  return Object.fromEntries((data.tags as { name: string; count: number }[]).map(({ name, count }) => [name, count]));
}

const rename = (from: string, to: string, role?: Role): Promise<Answer> =>
  send(
    'mutation ($from: String!, $to: String!) { renameTag(input: { from: $from, to: $to }) { tag { name count } } }',
    { from, to },
    role,
  );
const merge = (list: string[], into: string, role?: Role): Promise<Answer> =>
  send(
    'mutation ($tags: [String!]!, $into: String!) { mergeTags(input: { tags: $tags, into: $into }) { tag { name count } } }',
    { tags: list, into },
    role,
  );
const remove = (tag: string, role?: Role): Promise<Answer> =>
  send('mutation ($tag: String!) { deleteTag(input: { tag: $tag }) { tag { name } } }', { tag }, role);

test('tags are counted, the most frequent first, without deleted contacts and other organizations', async () => {
  await Promise.all([contact(['vip', 'fair']), contact(['vip']), contact(['VIP', 'fair', 'vip'])]);
  await contact(['fair', 'gone'], { deleted_at: new Date().toISOString() });
  const other = await stage.world.organization();
  await stage.world.contact(other, { tags: ['vip', 'theirs'] });
  stage.statements();
  expect(await tags()).toEqual({ vip: 3, fair: 2, VIP: 1 });
  expect(stage.statements().filter((text) => text.includes('unnest'))).toHaveLength(1);
  const { data } = await send('{ tags { name } }');
  expect(data.tags.map(({ name }: { name: string }) => name)).toEqual(['vip', 'fair', 'VIP']);
  expect(await tags('(contains: "Vi")')).toEqual({ vip: 3, VIP: 1 });
  expect(await tags('(contains: "%")')).toEqual({});
  expect(await tags('(first: 1)')).toEqual({ vip: 3 });
  for (const first of [0, -1, 1_001])
    expect((await send(`{ tags(first: ${first}) { name } }`)).errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
});

test('where members see only their own records, a tag of a colleague’s contact does not count', async () => {
  await stage.world.client.query(`UPDATE organizations SET settings = '{"visibility": "OWNER"}' WHERE id = $1`, [org.id]);
  await contact(['shared', 'mine'], { owner_id: org.users.MEMBER.id });
  await contact(['shared', 'theirs'], { owner_id: org.users.MANAGER.id });
  await contact(['shared', 'nobody’s']);
  expect(await tags('', 'MEMBER')).toEqual({ shared: 2, mine: 1, 'nobody’s': 1 });
  expect(await tags('', 'VIEWER')).toEqual({ shared: 1, 'nobody’s': 1 });
  expect(await tags('', 'MANAGER')).toEqual({ shared: 3, mine: 1, 'nobody’s': 1, theirs: 1 });
});

test('renaming a tag keeps its place on every contact, deleted ones too, with a fact and a version each', async () => {
  const [one, two, other] = [await contact(['a', 'old', 'z']), await contact(['old']), await contact(['a'])];
  const gone = await contact(['old'], { deleted_at: new Date().toISOString() });
  const elsewhere = await stage.world.contact(await stage.world.organization(), { tags: ['old'] });
  expect((await rename('old', '  new ')).data.renameTag).toEqual({ tag: { name: 'new', count: 2 } });
  expect(await state(one)).toEqual({ tags: ['a', 'new', 'z'], version: 2, facts: ['RENAME_TAG'] });
  expect(await state(two)).toEqual({ tags: ['new'], version: 2, facts: ['RENAME_TAG'] });
  expect(await state(gone)).toEqual({ tags: ['new'], version: 2, facts: ['RENAME_TAG'] });
  expect(await state(other)).toEqual({ tags: ['a'], version: 1, facts: [] });
  expect(await state(elsewhere)).toEqual({ tags: ['old'], version: 1, facts: [] });
  const { rows } = await stage.world.client.query(
    `SELECT count(DISTINCT change_id)::int AS changes, count(*)::int AS facts FROM audit_logs WHERE org_id = $1`,
    [org.id],
  );
  expect(rows).toEqual([{ changes: 1, facts: 3 }]);
});

test('a tag cannot be renamed to one there is, to nothing, or when nobody carries it', async () => {
  const id = await contact(['old', 'taken']);
  for (const [from, to, path, code] of [
    ['old', 'taken', 'to', 'TAKEN'],
    ['none', 'new', 'from', 'NOT_FOUND'],
    ['old', '  ', 'to', 'INVALID'],
    ['old', 'x'.repeat(101), 'to', 'INVALID'],
    ['old', 'a\0b', 'to', 'INVALID'],
    ['', 'new', 'from', 'INVALID'],
  ] as const) {
    const { errors } = await rename(from, to);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ path: ['input', path], code }] });
  }
  expect((await rename('old', 'old')).data.renameTag).toEqual({ tag: { name: 'old', count: 1 } });
  expect(await state(id)).toEqual({ tags: ['old', 'taken'], version: 1, facts: [] });
});

test('tags become one, in the place of the first, and a contact that has it already has it once', async () => {
  const [both, one, target] = [await contact(['x', 'b', 'y', 'a', 'z']), await contact(['a']), await contact(['both'])];
  const mixed = await contact(['both', 'a', 'q']);
  expect((await merge(['a', 'b', 'both', 'nobody’s'], 'both')).data.mergeTags).toEqual({ tag: { name: 'both', count: 4 } });
  expect(await state(both)).toEqual({ tags: ['x', 'both', 'y', 'z'], version: 2, facts: ['MERGE_TAGS'] });
  expect(await state(one)).toEqual({ tags: ['both'], version: 2, facts: ['MERGE_TAGS'] });
  expect(await state(target)).toEqual({ tags: ['both'], version: 1, facts: [] });
  expect(await state(mixed)).toEqual({ tags: ['both', 'q'], version: 2, facts: ['MERGE_TAGS'] });
});

test('a deleted tag is taken from everybody; deleting it again changes nothing', async () => {
  const id = await contact(['a', 'old']);
  for (let time = 0; time < 2; time += 1) {
    expect((await remove('old')).data.deleteTag).toEqual({ tag: null });
    expect(await state(id)).toEqual({ tags: ['a'], version: 2, facts: ['DELETE_TAG'] });
  }
});

test.each(ROLES.map((role) => [role, ['OWNER', 'ADMIN', 'MANAGER'].includes(role)] as const))(
  '%s may change everybody’s tags: %s',
  async (role, allowed) => {
    const id = await contact(['a', 'b', 'c'], { owner_id: org.users[role].id });
    const answers = [await rename('a', 'a2', role), await merge(['b'], 'b2', role), await remove('c', role)];
    expect(answers.map(({ errors }) => errors?.[0]?.extensions.code)).toEqual(Array(3).fill(allowed ? undefined : 'FORBIDDEN'));
    expect((await state(id)).tags).toEqual(allowed ? ['a2', 'b2'] : ['a', 'b', 'c']);
  },
);

test('a client with the tags of before is told that they have changed', async () => {
  const id = await contact(['old']);
  await rename('old', 'new');
  const { errors } = await send(
    'mutation ($id: ID!) { updateContact(id: $id, input: { tags: ["old", "more"] }, expectedVersion: 1) { contact { id } } }',
    { id },
  );
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', currentVersion: 2, changedFields: ['tags'] });
});

test('a repeated rename with the same key has its effect once', async () => {
  const id = await contact(['old']);
  const query = 'mutation { renameTag(input: { from: "old", to: "new" }) @idempotent(key: "k") { tag { name count } } }';
  for (let time = 0; time < 2; time += 1) expect((await send(query)).data.renameTag).toEqual({ tag: { name: 'new', count: 1 } });
  expect((await state(id)).version).toBe(2);
});

test('a thousand contacts are retagged in one change, more than five thousand are refused', async () => {
  const fill = (count: number): Promise<unknown> =>
    stage.world.client.query(
      `INSERT INTO contacts (org_id, id, first_name, last_name, tags) SELECT $1, gen_random_uuid(), 'A', 'B', '{old,kept}' FROM generate_series(1, $2::int)`,
      [org.id, count],
    );
  await fill(1_000);
  expect((await rename('old', 'new')).data.renameTag).toEqual({ tag: { name: 'new', count: 1_000 } });
  await fill(4_001);
  expect((await remove('kept')).errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ code: 'TOO_MANY' }] });
  expect(await tags()).toEqual({ kept: 5_001, old: 4_001, new: 1_000 });
}, 30_000);
