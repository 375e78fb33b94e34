import { countStatement, pageStatement } from '../src/db/engine/page.js';
import { sortKeys } from '../src/db/engine/keys.js';
import type { Entity } from '../src/db/graph.js';
import { graph } from '../src/domain/index.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage({ poolSize: 16, connectTimeoutMs: 10_000 });
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const HOUR = 3_600_000;
const at = (hours: number): string => new Date(Date.now() + hours * HOUR).toISOString();
const send = (query: string, variables: Record<string, unknown> = {}): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org), variables });
const note = async (input: object): Promise<string> => {
  const answer = await send('mutation ($i: CreateActivityInput!) { createActivity(input: $i) { activity { id } } }', {
    i: { type: 'TASK', subject: 'Task', ...input },
  });
  return answer.data.createActivity.activity.id;
};
const change = (field: string, id: string, more: Record<string, unknown> = {}): Promise<Answer> =>
  send(
    `mutation ($id: ID! ${Object.keys(more)
      .map((name) => `, $${name}: ID`)
      .join('')}) { ${field} { activity { isCompleted completedAt createdAt } } }`,
    { id, ...more },
  );

/** When something last happened with a contact and with a deal. */
async function latest(contact: string, deal: string): Promise<[contact: string | null, deal: string | null]> {
  const { data } = await send('query ($c: ID!, $d: ID!) { contact(id: $c) { lastActivityAt } deal(id: $d) { lastActivityAt } }', {
    c: contact,
    d: deal,
  });
  return [data.contact.lastActivityAt, data.deal.lastActivityAt];
}

test('what is due and overdue is asked of the viewer, by date, and leaves when it is done', async () => {
  const contactId = await stage.world.contact(org);
  const due = (hours: number, more: object = {}): Promise<string> => note({ contactId, dueDate: at(hours), ...more });
  const tomorrow = await due(20);
  const lastWeek = await due(-150);
  const today = await due(-1);
  await due(500);
  await due(-2, { ownerId: org.users.MANAGER.id });
  await note({ contactId });
  const list = async (filter: object): Promise<string[]> => {
    const { data } = await send(
      'query ($f: ActivityFilter) { viewer { activities(filter: $f, orderBy: [{ dueDate: ASC }]) { nodes { id } totalCount } } }',
      { f: { isCompleted: { eq: false }, ...filter } },
    );
    expect(data.viewer.activities.totalCount).toBe(data.viewer.activities.nodes.length);
    return data.viewer.activities.nodes.map((activity: { id: string }) => activity.id);
  };
  const overdue = { dueDate: { lt: at(0) } };
  expect(await list(overdue)).toEqual([lastWeek, today]);
  expect(await list({ dueDate: { gte: at(0), lte: at(24) } })).toEqual([tomorrow]);
  await change('completeActivity(id: $id)', lastWeek);
  expect(await list(overdue)).toEqual([today]);
  await change('reopenActivity(id: $id)', lastWeek);
  expect(await list(overdue)).toEqual([lastWeek, today]);
});

test('what somebody has to do is one range of an index', async () => {
  const contact = await stage.world.contact(org);
  const { MEMBER, MANAGER } = org.users;
  await stage.world.client.query(
    `INSERT INTO activities (org_id, id, user_id, owner_id, contact_id, type, subject, due_date, is_completed, completed_at, created_at)
     SELECT $1, gen_random_uuid(), $2, CASE WHEN i % 2 = 0 THEN $2::uuid ELSE $3::uuid END, $4, 'TASK', 'Task ' || i, now() + (i - 4000) * interval '1 hour',
            i % 20 > 0, CASE WHEN i % 20 > 0 THEN now() END, now() - i * interval '1 hour' FROM generate_series(1, 8000) AS i`,
    [org.id, MEMBER.id, MANAGER.id, contact],
  );
  await stage.world.client.query('VACUUM ANALYZE activities');
  const app = await connect(stage.database.appUrl);
  await app.query(`SET app.org_id = '${org.id}'; SET random_page_cost = 1.1`);
  const entity = graph.get('activities') as Entity;
  const scope = {
    orgId: org.id,
    userId: MEMBER.id,
    tenantFilter: true,
    onlyOf: null,
    graph,
    now: new Date().toISOString(),
    checkMayRead: () => undefined,
  };
  const window = {
    keys: sortKeys(entity, [{ dueDate: 'ASC' }], entity.defaultOrder, scope),
    size: 25,
    backward: false,
    after: null,
    before: null,
    filter: { isCompleted: { eq: false }, dueDate: { lte: at(0) } },
    deleted: undefined,
    bound: '',
  };
  for (const make of [pageStatement, countStatement]) {
    const { text, values } = make(entity, window, scope, { key: 'ownerId', ids: [MEMBER.id] });
    const { rows } = await app.query<{ 'QUERY PLAN': string }>({ text: `EXPLAIN ${text}`, values: values as unknown[] });
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('activities_org_id_owner_id_is_completed_due_date_id_idx');
    expect(plan).toMatch(/Index Cond:.*owner_id = .*is_completed = false.*due_date <= /);
    expect(plan).not.toMatch(/Sort Key: \S*due_date/);
  }
  await app.end();
});

test('an activity dates its contact and its deal: noted, done, undone, deleted, restored, put elsewhere', async () => {
  const [contactId, otherContact] = [await stage.world.contact(org), await stage.world.contact(org)];
  const dealId = await stage.world.deal(org, { contact_id: otherContact });
  const otherDeal = await stage.world.deal(org);
  const activity = await note({ contactId, dealId, dueDate: at(24) });
  const { data } = await send('query ($id: ID!) { activity(id: $id) { createdAt } contact: viewer { id } }', { id: activity });
  const { createdAt } = data.activity;
  expect(await latest(contactId, dealId)).toEqual([createdAt, createdAt]);
  // The deal's own contact has no activity of its own.
  expect(await latest(otherContact, otherDeal)).toEqual([null, null]);
  const { completedAt } = (await change('completeActivity(id: $id)', activity)).data.completeActivity.activity;
  expect(await latest(contactId, dealId)).toEqual([completedAt, completedAt]);
  await change('reopenActivity(id: $id)', activity);
  expect(await latest(contactId, dealId)).toEqual([createdAt, createdAt]);
  await change('deleteActivity(id: $id)', activity);
  expect(await latest(contactId, dealId)).toEqual([null, null]);
  await change('restoreActivity(id: $id)', activity);
  expect(await latest(contactId, dealId)).toEqual([createdAt, createdAt]);
  await change('updateActivity(id: $id, input: { contactId: $contact, dealId: $deal })', activity, {
    contact: otherContact,
    deal: otherDeal,
  });
  expect(await latest(contactId, dealId)).toEqual([null, null]);
  expect(await latest(otherContact, otherDeal)).toEqual([createdAt, createdAt]);
  await change('updateActivity(id: $id, input: { dealId: $deal })', activity, { deal: null });
  expect(await latest(otherContact, otherDeal)).toEqual([createdAt, null]);
});

test('contacts and deals know what happened last, whatever happens at the same time', async () => {
  const contacts = await Promise.all([1, 2, 3].map(() => stage.world.contact(org)));
  const deals = await Promise.all([1, 2, 3].map((n) => stage.world.deal(org, { position: `a${n}` })));
  const activities = await Promise.all(
    Array.from({ length: 12 }, (_, n) => note({ contactId: contacts[n % 3], dealId: deals[n % 2] })),
  );
  const verbs = [
    'completeActivity(id: $id)',
    'reopenActivity(id: $id)',
    'deleteActivity(id: $id)',
    'restoreActivity(id: $id)',
    'updateActivity(id: $id, input: { contactId: $contact, dealId: $deal })',
  ];
  const work = async (seed: number): Promise<void> => {
    for (let turn = 0; turn < 12; turn += 1) {
      const pick = seed * 5 + turn * 3;
      const field = verbs[pick % verbs.length] ?? '';
      const more = field.includes('$contact') ? { contact: contacts[pick % 3], deal: deals[(pick + 1) % 3] } : {};
      const { errors } = await change(field, activities[(seed + turn * 7) % activities.length] ?? '', more);
      for (const error of errors ?? []) expect(['NOT_FOUND', 'CONFLICT']).toContain(error.extensions.code);
    }
  };
  await Promise.all(Array.from({ length: 12 }, (_, seed) => work(seed)));
  const { rows } = await stage.world.client.query(
    `SELECT r.* FROM (SELECT id, last_activity_at, 'contact' AS type FROM contacts WHERE org_id = $1 UNION ALL SELECT id, last_activity_at, 'deal' FROM deals WHERE org_id = $1) AS r
      WHERE last_activity_at IS DISTINCT FROM (SELECT max(greatest(created_at, completed_at)) FROM activities AS a
             WHERE a.org_id = $1 AND a.deleted_at IS NULL AND r.id = CASE r.type WHEN 'deal' THEN a.deal_id ELSE a.contact_id END)`,
    [org.id],
  );
  expect(rows).toEqual([]);
}, 60_000);
