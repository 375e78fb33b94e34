import { openStage, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

const THE_QUERY = `query ($first: Int!) { deals(first: $first) {
  nodes { id title value stage { id name } contact { id firstName company { id name } } owner { id } activities(first: 5) { nodes { id subject } } }
  pageInfo { hasNextPage endCursor } } }`;

let stage: Stage;
let org: Organization;

beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
  await stage.world.organization();
});
afterAll(() => stage.close());

/** Deals whose relations are all set and all differ. */
async function makeDeals(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const company_id = await stage.world.company(org, { name: `Company ${index}` });
    const contact_id = await stage.world.contact(org, { first_name: `Contact ${index}`, company_id });
    const stage_id = org.stageIds[index % org.stageIds.length];
    const owner_id = Object.values(org.users)[index % 5]?.id;
    const deal_id = await stage.world.deal(org, {
      title: `Deal ${index}`,
      company_id,
      contact_id,
      stage_id,
      owner_id,
      value: `${index}.5`,
    });
    for (let note = 0; note < 6; note += 1) await stage.world.activity(org, { deal_id, subject: `Note ${note} on ${index}` });
  }
}

test('the deal graph costs the same number of statements for one deal and for a hundred, at most one a relation and level', async () => {
  await makeDeals(100);
  const token = stage.tokenOf(org);
  const counts: number[] = [];
  for (const first of [1, 100]) {
    stage.statements();
    const { data, errors } = await stage.send(THE_QUERY, { token, variables: { first } });
    expect(errors).toBeUndefined();
    expect(data.deals.nodes).toHaveLength(first);
    counts.push(stage.statements().length);
  }
  // Deals with all that is read of them, and BEGIN.
  expect(counts).toEqual([2, 2]);
});

test('a deal is read with everything around it', async () => {
  const company_id = await stage.world.company(org, { name: 'Difference Engines' });
  const contact_id = await stage.world.contact(org, { company_id });
  const deal = await stage.world.deal(org, {
    title: 'Analytical engine',
    contact_id,
    company_id,
    value: '9007199254740993.10',
    expected_close_date: '2026-12-24',
  });
  const { data } = await stage.send(
    `query ($id: ID!) { deal(id: $id) { title displayName value currency status expectedCloseDate createdAt version
       stage { name probability pipeline { name isDefault stages { name } } } pipeline { name } contact { displayName company { name } } company { name } owner { id } viewerCan { update } organization { slug } } }`,
    { token: stage.tokenOf(org), variables: { id: deal } },
  );
  expect(data.deal).toEqual({
    title: 'Analytical engine',
    displayName: 'Analytical engine',
    value: '9007199254740993.10',
    currency: 'EUR',
    status: 'OPEN',
    expectedCloseDate: '2026-12-24',
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    version: 1,
    stage: {
      name: 'First',
      probability: 25,
      pipeline: { name: 'Sales', isDefault: true, stages: [{ name: 'First' }, { name: 'Second' }, { name: 'Third' }] },
    },
    pipeline: { name: 'Sales' },
    contact: { displayName: 'Ada Lovelace', company: { name: 'Difference Engines' } },
    company: { name: 'Difference Engines' },
    owner: null,
    viewerCan: { update: true },
    organization: { slug: org.slug },
  });
});

test('totals add up the whole filtered list by currency, exactly, weighted by stage while open', async () => {
  const other = await stage.world.organization();
  const add = (value: string | null, currency: string, columns: object = {}): Promise<string> =>
    stage.world.deal(other, { value, currency, ...columns });
  await add('9007199254740993.10', 'EUR');
  await add('0.10', 'EUR', { status: 'WON', closed_at: new Date().toISOString() });
  await add('50', 'EUR', { status: 'LOST', closed_at: new Date().toISOString() });
  await add(null, 'EUR');
  await add('1000.6', 'JPY', { stage_id: other.stageIds[1] });
  const { data } = await stage.send(`{ deals(first: 1) { totalCount totals { currency count sum weightedSum } } }`, {
    token: stage.tokenOf(other),
  });
  expect(data.deals).toEqual({
    totalCount: 5,
    totals: [
      { currency: 'EUR', count: 4, sum: '9007199254741043.20', weightedSum: '2251799813685248.38' },
      { currency: 'JPY', count: 1, sum: '1001', weightedSum: '500' },
    ],
  });
});

test('a list that is asked only for its count reads no rows, and one asked only for rows counts nothing', async () => {
  const token = stage.tokenOf(org);
  stage.statements();
  await stage.send('{ deals { totalCount } }', { token });
  const [, counting, ...more] = stage.statements();
  expect(counting).toContain('count(*)');
  expect(more).toEqual([]);
  await stage.send('{ deals { nodes { id } } }', { token });
  expect(stage.statements().some((text) => text.includes('count(*)'))).toBe(false);
});

test('the same list asked for under two names with other arguments is two lists', async () => {
  const { data } = await stage.send(
    '{ deals(first: 1, filter: { title: { eq: "Deal 99" } }) { nodes { few: activities(first: 1) { nodes { id } } many: activities(first: 3) { nodes { id } } } } }',
    {
      token: stage.tokenOf(org),
    },
  );
  const [deal] = data.deals.nodes;
  expect([deal.few.nodes.length, deal.many.nodes.length]).toEqual([1, 3]);
});
