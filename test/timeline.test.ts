import { randomUUID } from 'node:crypto';
import type { Role } from '../src/caller.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;

const ENTRIES = `edges { cursor node { __typename id at actor { id } ... on ActivityEntry { activity { id subject } }
  ... on ChangeEntry { action version changedFields changes { field before after } } } }
  nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;

interface Entry {
  __typename: string;
  id: string;
  at: string;
  actor: { id: string } | null;
  activity?: { id: string; subject: string };
  action?: string;
  changedFields?: string[];
  changes?: { field: string; before: unknown; after: unknown }[];
}
interface Page {
  edges: { cursor: string; node: Entry }[];
  nodes: { id: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const send = async (query: string, variables: Record<string, unknown> = {}, role: Role = 'ADMIN', of = org): Promise<Answer> => {
  const answer = await stage.send(query, { token: stage.tokenOf(of, role), variables });
  expect(answer.errors).toBeUndefined();
  return answer;
};
const timeline = async (
  root: string,
  id: string,
  args: Record<string, unknown> = {},
  role: Role = 'ADMIN',
  of = org,
): Promise<Page> => {
  const query = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    ${root}(id: $id) { timeline(first: $first, after: $after, last: $last, before: $before) { ${ENTRIES} } } }`;
  return (await send(query, { id, ...args }, role, of)).data[root].timeline as Page;
};
const entries = async (...args: Parameters<typeof timeline>): Promise<Entry[]> =>
  (await timeline(...args)).edges.map(({ node }) => node);
const fact = (
  of: Organization,
  entity_type: string,
  entity_id: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> => ({
  org_id: of.id,
  id: randomUUID(),
  seq: (sequence += 1),
  change_id: randomUUID(),
  actor_kind: 'USER',
  user_id: of.users.ADMIN.id,
  action: 'UPDATE',
  entity_type,
  entity_id,
  entity_version: 2,
  changes: {},
  ...more,
});
let sequence = 1_000;

test('a deal’s timeline tells its changes with their values and its activities, newest first, each with an id of its own', async () => {
  const { data } = await send('mutation { createDeal(input: { title: "Sale" }) { deal { id } } }');
  const { id } = data.createDeal.deal;
  await send('mutation ($id: ID!) { updateDeal(id: $id, input: { title: "Big sale" }) { deal { id } } }', { id });
  const written = await send(
    'mutation ($id: ID!) { createActivity(input: { type: CALL, subject: "Called", dealId: $id }) { activity { id } } }',
    { id },
  );
  const list = await entries('deal', id);
  expect(list.map((entry) => entry.activity?.subject ?? entry.action)).toEqual(['Called', 'UPDATE', 'CREATE']);
  const [called, updated] = list;
  expect(called).toMatchObject({ __typename: 'ActivityEntry', actor: { id: org.users.ADMIN.id } });
  expect(updated).toMatchObject({
    __typename: 'ChangeEntry',
    version: 2,
    changedFields: ['title'],
    changes: [{ field: 'title', before: 'Sale', after: 'Big sale' }],
    actor: { id: org.users.ADMIN.id },
  });
  const ids = list.map((entry) => entry.id);
  expect(new Set([...ids, id, written.data.createActivity.activity.id]).size).toBe(5);
  expect((await entries('deal', id)).map((entry) => entry.id)).toEqual(ids);
});

test('the address a change came from is no part of it', async () => {
  const { data } = await send('mutation { createCompany(input: { name: "Quiet" }) { company { id } } }');
  const [created] = await entries('company', data.createCompany.company.id);
  expect(created?.changedFields?.filter((field) => field.startsWith('@'))).toEqual([]);
});

test('a contact’s timeline has the activities about their deals, a company’s those of its people and deals, each once', async () => {
  const { world } = stage;
  const company = await world.company(org);
  const contact = await world.contact(org, { company_id: company });
  const deal = await world.deal(org, { company_id: company, contact_id: contact });
  const [both, onDeal, onContact] = [
    await world.activity(org, { contact_id: contact, deal_id: deal, created_at: '2026-01-03T00:00:00Z' }),
    await world.activity(org, { deal_id: deal, created_at: '2026-01-02T00:00:00Z' }),
    await world.activity(org, { contact_id: contact, created_at: '2026-01-01T00:00:00Z' }),
  ];
  await world.activity(org);
  await world.activity(org, { contact_id: contact, deleted_at: '2026-02-01T00:00:00Z' });
  const shown = async (root: string, id: string): Promise<unknown[]> =>
    (await entries(root, id)).map((entry) => entry.activity?.id);
  expect(await shown('company', company)).toEqual([both, onDeal, onContact]);
  expect(await shown('contact', contact)).toEqual([both, onDeal, onContact]);
  expect(await shown('deal', deal)).toEqual([both, onDeal]);
});

test('pages put together are the timeline, both ways, ties included, whatever their size', async () => {
  const { world } = stage;
  const contact = await world.contact(org);
  const deal = await world.deal(org, { contact_id: contact });
  const moments = ['2026-03-01T00:00:00.001Z', '2026-03-01T00:00:00.002Z', '2026-03-01T00:00:00.003Z'];
  for (let index = 0; index < 24; index += 1) {
    const created_at = moments[index % 3];
    if (index % 2)
      await world.activity(org, { [index % 4 === 1 ? 'contact_id' : 'deal_id']: index % 4 === 1 ? contact : deal, created_at });
    else await world.insert('audit_logs', [fact(org, 'Contact', contact, { created_at })]);
  }
  const all = await entries('contact', contact, { first: 100 });
  expect(all).toHaveLength(24);
  expect(all.map(({ at }) => at)).toEqual(
    all
      .map(({ at }) => at)
      .sort()
      .reverse(),
  );
  for (const size of [1, 2, 5, 7, 23, 24, 25]) {
    for (const way of ['forward', 'backward']) {
      const walked: Entry[] = [];
      for (let cursor: string | null = null, more = true; more;) {
        const page: Page = await timeline(
          'contact',
          contact,
          way === 'forward' ? { first: size, after: cursor } : { last: size, before: cursor },
        );
        const nodes = page.edges.map(({ node }) => node);
        const [beforeIt, afterIt] =
          way === 'forward'
            ? [walked.length > 0, walked.length + nodes.length < 24]
            : [walked.length + nodes.length < 24, walked.length > 0];
        expect(page.pageInfo).toMatchObject({ hasPreviousPage: beforeIt, hasNextPage: afterIt });
        if (way === 'forward') walked.push(...nodes);
        else walked.unshift(...nodes);
        more = way === 'forward' ? page.pageInfo.hasNextPage : page.pageInfo.hasPreviousPage;
        cursor = way === 'forward' ? page.pageInfo.endCursor : page.pageInfo.startCursor;
      }
      expect([size, way, walked.map(({ id }) => id)]).toEqual([size, way, all.map(({ id }) => id)]);
    }
  }
  const { edges } = await timeline('contact', contact, { first: 100 });
  const between = await timeline('contact', contact, { first: 100, after: edges[3]?.cursor, before: edges[10]?.cursor });
  expect(between.nodes.map(({ id }) => id)).toEqual(all.slice(4, 10).map(({ id }) => id));
  expect(between.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
});

test('many timelines are one statement, each with a page of its own', async () => {
  const other = await stage.world.organization();
  for (let index = 0; index < 6; index += 1) {
    const contact = await stage.world.contact(other);
    for (let n = 0; n < index; n += 1) await stage.world.activity(other, { contact_id: contact });
  }
  stage.statements();
  const { data } = await send(
    '{ contacts(orderBy: { createdAt: ASC }) { nodes { timeline(first: 3) { nodes { id ... on ActivityEntry { activity { id } } } pageInfo { hasNextPage } } } } }',
    {},
    'ADMIN',
    other,
  );
  const pages = data.contacts.nodes.map(({ timeline: page }: { timeline: Page }) => [
    page.nodes.length,
    page.pageInfo.hasNextPage,
  ]);
  expect(pages.sort()).toEqual([
    [0, false],
    [1, false],
    [2, false],
    [3, false],
    [3, true],
    [3, true],
  ]);
  expect(stage.statements().filter((text) => text !== 'BEGIN')).toHaveLength(3);
});

describe('where visibility is OWNER', () => {
  test('a timeline shows no hidden activity, nothing through hidden records, and no id of one', async () => {
    const { world } = stage;
    const other = await world.organization();
    await world.client.query(`UPDATE organizations SET settings = '{"visibility": "OWNER"}' WHERE id = $1`, [other.id]);
    const [me, colleague] = [other.users.MEMBER.id, other.users.MANAGER.id];
    const theirs = { user_id: colleague, owner_id: colleague };
    const company = await world.company(other, { owner_id: me });
    const hidden = await world.contact(other, { owner_id: colleague, company_id: company });
    const hiddenDeal = await world.deal(other, { owner_id: colleague, company_id: company });
    await world.activity(other, { ...theirs, contact_id: hidden, subject: 'Theirs' });
    await world.activity(other, { ...theirs, deal_id: hiddenDeal, subject: 'Theirs' });
    await world.activity(other, { contact_id: hidden, user_id: me, subject: 'Mine about a hidden contact' });
    const contact = await world.contact(other, { owner_id: me });
    const note = await world.activity(other, { contact_id: contact, ...theirs, subject: 'Seen through the contact' });
    const log = fact(other, 'Contact', contact, {
      changes: { companyId: 'x', lastName: 'x' },
      created_at: '2025-01-01T00:00:00Z',
    });
    const foreign = await world.company(other, { owner_id: colleague });
    await world.insert('audit_logs', [log]);
    await world.client.query(
      `INSERT INTO audit_values (org_id, audit_id, field, before, after, salt) SELECT $1, $2, f, b, a, ''
       FROM (VALUES ('companyId', to_jsonb($3::text), to_jsonb($4::text)), ('lastName', '"Old"', '"New"')) AS v(f, b, a)`,
      [other.id, log['id'], foreign, company],
    );
    const of = (root: string, id: string, role: Role): Promise<Entry[]> => entries(root, id, {}, role, other);
    expect(await of('company', company, 'MEMBER')).toEqual([]);
    expect((await of('company', company, 'MANAGER')).map((entry) => entry.activity?.subject).sort()).toEqual([
      'Mine about a hidden contact',
      'Theirs',
      'Theirs',
    ]);
    const seen = await of('contact', contact, 'MEMBER');
    expect(seen.map((entry) => entry.activity?.id ?? entry.changes)).toEqual([
      note,
      [
        { field: 'companyId', before: null, after: company },
        { field: 'lastName', before: 'Old', after: 'New' },
      ],
    ]);
    expect((await of('contact', contact, 'MANAGER'))[1]?.changes?.[0]).toEqual({
      field: 'companyId',
      before: foreign,
      after: company,
    });
  });

  test('an activity that is hidden though its contact is seen does not exist; every activity of a seen contact is seen', async () => {
    const { world } = stage;
    const other = await world.organization();
    await world.client.query(`UPDATE organizations SET settings = '{"visibility": "OWNER"}' WHERE id = $1`, [other.id]);
    const contact = await world.contact(other, { owner_id: other.users.MEMBER.id });
    const deal = await world.deal(other, { owner_id: other.users.MANAGER.id, contact_id: contact });
    const hidden = { user_id: other.users.MANAGER.id, owner_id: other.users.MANAGER.id };
    await world.activity(other, { ...hidden, deal_id: deal, subject: 'About a hidden deal' });
    expect(await entries('contact', contact, {}, 'MEMBER', other)).toEqual([]);
    expect(await entries('contact', contact, {}, 'MANAGER', other)).toHaveLength(1);
  });
});
