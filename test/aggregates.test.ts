import fc from 'fast-check';
import { isEnumType, isObjectType } from 'graphql';
import type { Role } from '../src/caller.js';
import { graph } from '../src/domain/index.js';
import { buildSchema } from '../src/graphql/schema.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import type { Organization } from './support/world.js';

const schema = buildSchema(ROOT);
const grouped = [...graph.values()].filter(({ groups }) => Object.keys(groups).length > 0);
const constantOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const send = (query: string, variables: Record<string, unknown> = {}, role: Role = 'OWNER'): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables });
const answer = async (query: string, variables: Record<string, unknown> = {}, role: Role = 'OWNER'): Promise<Answer['data']> => {
  const { data, errors } = await send(query, variables, role);
  expect(errors).toBeUndefined();
  return data;
};
const settings = (value: object): Promise<unknown> =>
  stage.world.client.query('UPDATE organizations SET settings = $1 WHERE id = $2', [JSON.stringify(value), org.id]);
const AMOUNTS = 'count currency sum avg min max p50 p90';
const EXACT = '9007199254740993.10';

test('rooms declare exactly the groups that the schema offers', () => {
  expect(grouped.map(({ table }) => table).sort()).toEqual(['activities', 'companies', 'contacts', 'deals']);
  for (const { type, groups } of grouped) {
    const values = schema.getType(`${type}Group`);
    const keys = schema.getType(`${type}AggregateKeys`);
    if (!isEnumType(values) || !isObjectType(keys)) throw new Error(`${type} has no groups.`);
    expect(Object.keys(keys.getFields()).sort()).toEqual(Object.keys(groups).sort());
    expect(
      values
        .getValues()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(groups).map(constantOf).sort());
  }
});

test('what nobody looks at is not worked out', async () => {
  await stage.world.deal(org, { value: '5' });
  const statementsOf = async (fields: string): Promise<string> => {
    stage.statements();
    await answer(`{ dealAggregates { ${fields} } }`);
    return stage.statements().join('\n');
  };
  expect(await statementsOf('count sum')).toMatch(/sum\((?!.*percentile_disc)/s);
  expect(await statementsOf('count p90')).toMatch(/percentile_disc\(0\.9\)(?!.*\bsum\()/s);
  const fragment = 'query { dealAggregates { ...F } } fragment F on DealAggregate { middle: p50 }';
  expect(await answer(fragment)).toEqual({ dealAggregates: [{ middle: '5.00' }] });
});

test('amounts are exact, percentiles are values that are there, and a deal without a value only counts', async () => {
  for (const value of [EXACT, '0.01', null, '5', '4.99']) await stage.world.deal(org, { value });
  await stage.world.deal(org, { value: '1000', currency: 'JPY' });
  await stage.world.deal(org, { value: null, currency: 'USD' });
  const { dealAggregates } = await answer(`{ dealAggregates { ${AMOUNTS} } }`);
  expect(dealAggregates).toEqual([
    {
      count: 5,
      currency: 'EUR',
      sum: '9007199254741003.10',
      avg: '2251799813685250.78',
      min: '0.01',
      max: EXACT,
      p50: '4.99',
      p90: EXACT,
    },
    { count: 1, currency: 'JPY', sum: '1000', avg: '1000', min: '1000', max: '1000', p50: '1000', p90: '1000' },
    { count: 1, currency: 'USD', sum: '0.00', avg: null, min: null, max: null, p50: null, p90: null },
  ]);
});

/** A deal of the model; cents keep its arithmetic exact. */
interface Modelled {
  stage: number;
  status: 'OPEN' | 'WON' | 'LOST';
  owner: Role | null;
  currency: 'EUR' | 'USD';
  cents: number | null;
}

const modelled = fc.record<Modelled>({
  stage: fc.nat(2),
  status: fc.constantFrom('OPEN', 'WON', 'LOST'),
  owner: fc.constantFrom<Role | null>('OWNER', 'MEMBER', null),
  currency: fc.constantFrom('EUR', 'USD'),
  cents: fc.option(fc.nat(1_000_000_000)),
});

test('groups of random deals are those of a plain model, for random keys', async () => {
  const KEYS = ['stage', 'status', 'owner', 'currency'] as const;
  const property = async (deals: Modelled[], keys: (typeof KEYS)[number][]): Promise<void> => {
    org = await stage.world.organization();
    const rows = deals.map((deal, index) => ({
      org_id: org.id,
      id: `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`,
      pipeline_id: org.pipelineId,
      stage_id: org.stageIds[deal.stage],
      owner_id: deal.owner && org.users[deal.owner].id,
      title: 'Deal',
      position: 'a',
      status: deal.status,
      closed_at: deal.status === 'OPEN' ? null : new Date().toISOString(),
      currency: deal.currency,
      value: deal.cents === null ? null : (deal.cents / 100).toFixed(2),
    }));
    await stage.world.insert('deals', rows);
    const data = await answer(
      `query ($by: [DealGroup!]) { dealAggregates(groupBy: $by) { count currency sum min p90 keys { stage { id } status currency owner { id } } } }`,
      { by: keys.map(constantOf) },
    );
    const keyOf = (deal: Modelled): unknown => ({
      stage: keys.includes('stage') ? { id: org.stageIds[deal.stage] } : null,
      status: keys.includes('status') ? deal.status : null,
      currency: keys.includes('currency') ? deal.currency : null,
      owner: keys.includes('owner') && deal.owner ? { id: org.users[deal.owner].id } : null,
    });
    const groups = new Map<string, Modelled[]>();
    for (const deal of deals) {
      const name = JSON.stringify([keyOf(deal), deal.currency]);
      groups.set(name, [...(groups.get(name) ?? []), deal]);
    }
    const expected = [...groups.values()].map((members) => {
      const cents = members.flatMap((deal) => (deal.cents === null ? [] : [deal.cents])).sort((a, b) => a - b);
      const money = (value: number | undefined): string | null => (value === undefined ? null : (value / 100).toFixed(2));
      return {
        count: members.length,
        currency: members[0]?.currency,
        sum: money(cents.reduce((sum, value) => sum + value, 0)),
        min: money(cents[0]),
        p90: money(cents[Math.ceil(cents.length * 0.9) - 1]),
        keys: keyOf(members[0] as Modelled),
      };
    });
    const sorted = (list: unknown[]): string[] => list.map((item) => JSON.stringify(item)).sort();
    expect(sorted(data.dealAggregates)).toEqual(sorted(expected));
  };
  await fc.assert(fc.asyncProperty(fc.array(modelled, { minLength: 1, maxLength: 40 }), fc.subarray([...KEYS]), property), {
    numRuns: 20,
  });
}, 60_000);

test('every key of every entity answers, its groups make up the whole list, and it takes one statement', async () => {
  const company_id = await stage.world.company(org, { industry: 'Space' });
  const contact_id = await stage.world.contact(org, { company_id, tags: ['a', 'b'], owner_id: org.users.MEMBER.id });
  const deal_id = await stage.world.deal(org, { company_id, contact_id, value: '5' });
  await stage.world.activity(org, { deal_id, contact_id, due_date: new Date().toISOString() });
  await stage.world.company(org);
  await stage.world.contact(org);
  await stage.world.deal(org);
  for (const { root, type, groups, toOne } of grouped) {
    for (const [name, grouping] of Object.entries(groups)) {
      const selection = grouping.by === 'record' && toOne[grouping.relation] ? '{ id }' : '';
      stage.statements();
      const data = await answer(
        `query ($by: [${type}Group!]) { ${root?.one}Aggregates(groupBy: $by) { count keys { __typename } } ${root?.many} { totalCount } }`,
        { by: [constantOf(name)] },
      );
      expect(stage.statements()).toHaveLength(3);
      const counts = (data[`${root?.one}Aggregates`] as { count: number }[]).map(({ count }) => count);
      const total = counts.reduce((sum, count) => sum + count, 0);
      expect([name, total]).toEqual([name, data[root?.many ?? ''].totalCount + (grouping.by === 'items' ? 1 : 0)]);
      await answer(`query ($by: [${type}Group!]) { ${root?.one}Aggregates(groupBy: $by) { keys { ${name} ${selection} } } }`, {
        by: [constantOf(name)],
      });
    }
  }
});

test('a contact counts once for each of its tags, and under null without any', async () => {
  await stage.world.contact(org, { tags: ['vip', 'new'] });
  await stage.world.contact(org, { tags: ['vip'] });
  await stage.world.contact(org);
  expect(await answer('{ contactAggregates(groupBy: [TAG]) { count keys { tag } } }')).toEqual({
    contactAggregates: [
      { count: 1, keys: { tag: 'new' } },
      { count: 2, keys: { tag: 'vip' } },
      { count: 1, keys: { tag: null } },
    ],
  });
});

test('months begin in the time zone of the viewer, else of the organization; a zone that there is none of counts as UTC', async () => {
  await stage.world.deal(org, { created_at: '2026-01-31T23:30:00Z', expected_close_date: '2026-03-31' });
  await stage.world.deal(org, { created_at: '2026-01-15T12:00:00Z', status: 'WON', closed_at: '2026-03-31T22:30:00Z' });
  const months = async (): Promise<unknown> => {
    const data = await answer(`{ created: dealAggregates(groupBy: [CREATED_MONTH]) { count keys { createdMonth } }
      closed: dealAggregates(groupBy: [CLOSE_MONTH]) { count keys { closeMonth } } }`);
    return [data.created, data.closed].map((groups: { count: number; keys: Record<string, string> }[]) =>
      groups.map(({ count, keys }) => [count, ...Object.values(keys)]),
    );
  };
  const utc = [[[2, '2026-01-01']], [[2, '2026-03-01']]];
  expect(await months()).toEqual(utc);
  await settings({ timeZone: 'Europe/Berlin' });
  expect(await months()).toEqual([
    [
      [1, '2026-01-01'],
      [1, '2026-02-01'],
    ],
    [
      [1, '2026-03-01'],
      [1, '2026-04-01'],
    ],
  ]);
  await settings({ timeZone: 'Moon/Crater' });
  expect(await months()).toEqual(utc);
  await settings({ timeZone: 'Europe/Berlin' });
  await stage.world.client.query(`UPDATE users SET time_zone = 'America/New_York' WHERE id = $1`, [org.users.OWNER.id]);
  expect(await months()).toEqual(utc);
});

test('filters are those of the lists, and deleted deals take part only when asked for', async () => {
  await stage.world.deal(org, { title: 'Big boat', value: '10' });
  await stage.world.deal(org, { title: 'Small boat', value: '1' });
  await stage.world.deal(org, { title: 'Sunk boat', value: '7', deleted_at: new Date().toISOString() });
  const data = await answer(`{ dealAggregates { sum } big: dealAggregates(filter: { value: { gte: "2" } }) { sum }
    with: dealAggregates(includeDeleted: WITH) { sum } only: dealAggregates(includeDeleted: ONLY) { count sum } }`);
  expect(data).toEqual({
    dealAggregates: [{ sum: '11.00' }],
    big: [{ sum: '10.00' }],
    with: [{ sum: '18.00' }],
    only: [{ count: 1, sum: '7.00' }],
  });
});

test('every connection has its groups, those of all parents in one statement', async () => {
  for (const name of ['Two', 'None', 'One']) {
    const company_id = await stage.world.company(org, { name });
    for (let n = 0; n < { Two: 2, None: 0, One: 1 }[name]!; n += 1) await stage.world.deal(org, { company_id, value: '3' });
  }
  stage.statements();
  const data = await answer(
    '{ companies(orderBy: [{ name: ASC }]) { nodes { name deals { aggregates(groupBy: [STATUS]) { count sum keys { status } } } } aggregates { count } } }',
  );
  expect(stage.statements()).toHaveLength(4);
  expect(data.companies.aggregates).toEqual([{ count: 3 }]);
  expect(data.companies.nodes).toEqual([
    { name: 'None', deals: { aggregates: [] } },
    { name: 'One', deals: { aggregates: [{ count: 1, sum: '3.00', keys: { status: 'OPEN' } }] } },
    { name: 'Two', deals: { aggregates: [{ count: 2, sum: '6.00', keys: { status: 'OPEN' } }] } },
  ]);
});

test('nothing of another organization, of hidden deals or of references that read null is in any group', async () => {
  const other = await stage.world.organization();
  await stage.world.deal(other, { value: '1000000', company_id: await stage.world.company(other) });
  const member = org.users.MEMBER.id;
  const hidden = await stage.world.company(org, { owner_id: org.users.ADMIN.id });
  const deleted = await stage.world.company(org, { deleted_at: new Date().toISOString() });
  const seen = await stage.world.company(org, { owner_id: member });
  for (const company_id of [hidden, deleted, seen, null])
    await stage.world.deal(org, { company_id, owner_id: member, value: '1' });
  await stage.world.deal(org, { owner_id: org.users.ADMIN.id, value: '100' });
  await settings({ visibility: 'OWNER' });
  const query = '{ dealAggregates(groupBy: [COMPANY]) { count sum keys { company { id } } } dealSum: dealAggregates { count } }';
  const groups = [
    { count: 1, sum: '1.00', keys: { company: { id: seen } } },
    { count: 3, sum: '3.00', keys: { company: null } },
  ];
  expect(await answer(query, {}, 'MEMBER')).toEqual({ dealAggregates: groups, dealSum: [{ count: 4 }] });
  const all = await answer(query, {}, 'MANAGER');
  expect(all.dealSum).toEqual([{ count: 5 }]);
  expect(all.dealAggregates.map((group: { count: number }) => group.count).sort()).toEqual([1, 1, 3]);
});

test('somebody who was deleted and nobody are one group', async () => {
  await stage.world.deal(org, { owner_id: org.users.VIEWER.id });
  await stage.world.deal(org);
  await stage.world.client.query('UPDATE users SET deleted_at = now() WHERE id = $1', [org.users.VIEWER.id]);
  expect(await answer('{ dealAggregates(groupBy: [OWNER]) { count keys { owner { id } } } }')).toEqual({
    dealAggregates: [{ count: 2, keys: { owner: null } }],
  });
});

test('too many keys and too many groups are refused with what helps; 5,000 groups are answered', async () => {
  const keys = await send('{ dealAggregates(groupBy: [STAGE, OWNER, STATUS, COMPANY, CONTACT]) { count } }');
  expect(keys.errors?.[0]).toMatchObject({ message: 'Group by at most 4 keys.', extensions: { code: 'INVALID_INPUT' } });
  expect(keys.data).toEqual({ dealAggregates: null });
  await stage.world.client.query(
    `INSERT INTO companies (org_id, id, name, industry) SELECT $1, gen_random_uuid(), 'C', 'Industry ' || i FROM generate_series(1, 5000) AS i`,
    [org.id],
  );
  const query = '{ companyAggregates(groupBy: [INDUSTRY]) { count } }';
  expect((await answer(query)).companyAggregates).toHaveLength(5_000);
  await stage.world.company(org, { industry: 'One more' });
  const { data, errors } = await send(query);
  expect(data).toEqual({ companyAggregates: null });
  expect(errors?.[0]).toMatchObject({
    message: 'These are more than 5000 groups. Group by fewer keys, or let `filter` choose fewer rows.',
    extensions: { code: 'INVALID_INPUT', fields: [{ path: ['groupBy'], code: 'TOO_MANY_GROUPS' }] },
  });
});
