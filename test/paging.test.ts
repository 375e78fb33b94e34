import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { openStage, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

const ROWS = 60;
const FIELDS = 'id position value expectedCloseDate createdAt updatedAt';
const SORTS = ['ASC', 'DESC', 'ASC_NULLS_FIRST', 'ASC_NULLS_LAST', 'DESC_NULLS_FIRST', 'DESC_NULLS_LAST'] as const;
const KEYS = ['position', 'value', 'createdAt', 'updatedAt', 'expectedCloseDate'] as const;

type Key = (typeof KEYS)[number];
type Row = Record<Key | 'id', string | null>;
type Order = Partial<Record<Key, (typeof SORTS)[number]>>;
interface Paged {
  nodes: Row[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

let stage: Stage;
let org: Organization;
let token: string;

beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
  token = stage.tokenOf(org);
  const neighbour = await stage.world.organization();
  await bulk(neighbour, 40);
  await bulk(org, ROWS);
});
afterAll(() => stage.close());

/** Ties, nulls and moments that differ in microseconds only, by bulk SQL. */
async function bulk(of: Organization, count: number): Promise<void> {
  await stage.world.client.query(
    `INSERT INTO deals (org_id, id, pipeline_id, stage_id, title, currency, position, value, expected_close_date, created_at, updated_at)
     SELECT $1, gen_random_uuid(), $2, $3, 'Deal ' || i, 'EUR', (ARRAY['a','B','b','a0','Z'])[1 + i % 5],
            CASE WHEN i % 4 = 0 THEN NULL ELSE (i % 7) * 1000000000000000.0001 - 3 END,
            CASE WHEN i % 3 = 0 THEN NULL ELSE date '2026-01-01' + (i % 5) END,
            timestamptz '2026-01-01 00:00:00+00' + (i % 9) * interval '300 microseconds' + (i / 20) * interval '1 day',
            timestamptz '2026-01-01 00:00:00+00' + i * interval '170 microseconds'
     FROM generate_series(1, $4::int) AS i`,
    [of.id, of.pipelineId, of.stageIds[0], count],
  );
}

async function page(args: Record<string, unknown>): Promise<Paged> {
  const { data, errors } = await stage.send(
    `query ($first: Int, $after: String, $last: Int, $before: String, $orderBy: [DealOrder!], $filter: DealFilter) {
       deals(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy, filter: $filter) {
         nodes { ${FIELDS} } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
    { token, variables: args },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  return data.deals as Paged;
}

/** All rows by walking from page to page, checking both flags on the way. */
async function walk(args: Record<string, unknown>, size: number, backward: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  for (let steps = 0; steps <= ROWS; steps += 1) {
    const window = backward ? { last: size, before: cursor } : { first: size, after: cursor };
    const { nodes, pageInfo } = await page({ ...args, ...window });
    rows.splice(backward ? 0 : rows.length, 0, ...nodes);
    const [behind, ahead] = backward
      ? [pageInfo.hasNextPage, pageInfo.hasPreviousPage]
      : [pageInfo.hasPreviousPage, pageInfo.hasNextPage];
    expect(behind).toBe(cursor !== null);
    if (!ahead) return rows;
    expect(nodes).toHaveLength(size);
    cursor = backward ? pageInfo.startCursor : pageInfo.endCursor;
  }
  throw new Error('The pages never end.');
}

/** The order as the contract has it, told apart from the SQL: null placement, then value, then id. */
function compare(orderBy: Order[]): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const term of [...orderBy, { id: (Object.values(orderBy[0] ?? {})[0] ?? 'DESC').startsWith('DESC') ? 'DESC' : 'ASC' }]) {
      const [[key, sort]] = Object.entries(term) as [[Key | 'id', string]];
      const [x, y] = [a[key], b[key]];
      if (x === y) continue;
      if (x === null) return sort.endsWith('NULLS_FIRST') ? -1 : 1;
      if (y === null) return sort.endsWith('NULLS_FIRST') ? 1 : -1;
      const less = key === 'value' ? Number(x) < Number(y) : x < y;
      return less === sort.startsWith('ASC') ? -1 : 1;
    }
    return 0;
  };
}

const orders = fc
  .uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 3 })
  .chain((keys) => fc.tuple(...keys.map((key) => fc.constantFrom(...SORTS).map((sort): Order => ({ [key]: sort })))));
const filters = fc.constantFrom<Record<string, unknown>>(
  {},
  { value: { isNull: false } },
  { not: { value: { gte: '0' } } },
  { or: [{ expectedCloseDate: { gte: '2026-01-03' } }, { value: { isNull: true } }] },
);

test('the pages of a list are the list: no row lost, none twice, in order, both ways', async () => {
  await fc.assert(
    fc.asyncProperty(orders, filters, fc.integer({ min: 3, max: 25 }), fc.boolean(), async (orderBy, filter, size, backward) => {
      const whole = (await page({ orderBy, filter, first: 100 })).nodes;
      expect(whole).toEqual([...whole].sort(compare(orderBy)));
      expect(await walk({ orderBy, filter }, size, backward)).toEqual(whole);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('without a filter the whole list is every row of the organization', async () => {
  expect((await walk({}, 7, false)).length).toBe(ROWS);
  expect((await walk({}, 7, true)).length).toBe(ROWS);
});

test('a window between two cursors holds what lies between them, and its flags tell of both sides', async () => {
  const whole = await page({ first: 100, orderBy: [{ value: 'ASC' }] });
  const at = async (count: number): Promise<string | null> =>
    (await page({ first: count, orderBy: [{ value: 'ASC' }] })).pageInfo.endCursor;
  const [after, before] = [await at(10), await at(51)];
  for (const window of [{ first: 100 }, { last: 100 }]) {
    const between = await page({ ...window, after, before, orderBy: [{ value: 'ASC' }] });
    expect(between.nodes).toEqual(whole.nodes.slice(10, 50));
    expect(between.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  }
});

test('one row a page is enough to know of the row before', async () => {
  const { pageInfo } = await page({ first: 1 });
  const second = await page({ first: 1, after: pageInfo.endCursor });
  expect(second.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: true });
});

test('deleted rows are left out, taken along, or all there is', async () => {
  const deleted = await stage.world.deal(org, { deleted_at: new Date().toISOString() });
  const ids = async (scope: string): Promise<string[]> => {
    const { data } = await stage.send(`{ deals(first: 100${scope}) { totalCount nodes { id } } }`, { token });
    expect(data.deals.totalCount).toBe(data.deals.nodes.length);
    return data.deals.nodes.map((deal: Row) => deal.id);
  };
  expect(await ids('')).not.toContain(deleted);
  expect((await ids(', includeDeleted: WITH')).length).toBe(ROWS + 1);
  expect(await ids(', includeDeleted: ONLY')).toEqual([deleted]);
  await stage.world.client.query('DELETE FROM deals WHERE id = $1', [deleted]);
});

test('a row that comes or goes between two pages moves no other row', async () => {
  const first = await page({ first: 30, orderBy: [{ createdAt: 'ASC' }] });
  const rest = (await page({ first: 100, after: first.pageInfo.endCursor, orderBy: [{ createdAt: 'ASC' }] })).nodes;
  const early = await stage.world.deal(org, { created_at: '2020-01-01T00:00:00Z' });
  expect((await page({ first: 100, after: first.pageInfo.endCursor, orderBy: [{ createdAt: 'ASC' }] })).nodes).toEqual(rest);
  await stage.world.client.query('DELETE FROM deals WHERE id = $1', [early]);
});

test('each parent has a page of its own', async () => {
  const { data } = await stage.send(
    `{ pipelines(first: 1) { nodes { stages { deals(first: 7) { nodes { position } totalCount pageInfo { hasNextPage endCursor } } } } } }`,
    { token },
  );
  const [full, empty] = data.pipelines.nodes[0].stages;
  expect(full.deals.nodes).toHaveLength(7);
  expect(full.deals.totalCount).toBe(ROWS);
  expect(full.deals.nodes.map((deal: Row) => deal.position)).toEqual(Array.from({ length: 7 }, () => 'B'));
  expect(empty.deals).toEqual({ nodes: [], totalCount: 0, pageInfo: { hasNextPage: false, endCursor: null } });
});

test('wrong sizes are refused with the field that is wrong', async () => {
  for (const [args, path] of [
    ['first: 0', 'first'],
    ['first: 101', 'first'],
    ['first: -1', 'first'],
    ['last: 0', 'last'],
    ['first: 1, last: 1', 'last'],
  ]) {
    const { errors } = await stage.send(`{ deals(${args}) { nodes { id } } }`, { token });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ path: [path] }] });
  }
});

test('a cursor is worthless for another order, filter, list, organization, and when edited, cut or invented', async () => {
  const { endCursor } = (await page({ first: 3, orderBy: [{ value: 'ASC' }] })).pageInfo;
  const created = (await page({ first: 3, orderBy: [{ createdAt: 'ASC' }] })).pageInfo.endCursor;
  const stranger = stage.tokenOf(await stage.world.organization());
  const good = endCursor ?? '';
  const tries: [string, string, string?][] = [
    ['deals', `after: "${good}", orderBy: [{ value: DESC }]`],
    ['deals', `after: "${good}", orderBy: [{ value: ASC }], filter: { value: { isNull: false } }`],
    ['deals', `after: "${good}", orderBy: [{ value: ASC }], includeDeleted: WITH`],
    ['contacts', `after: "${good}"`],
    ['contacts', `after: "${created}", orderBy: [{ createdAt: ASC }]`],
    ['deals', `after: "${good}", orderBy: [{ value: ASC }]`, stranger],
    ['deals', `after: "${good.slice(0, -2)}", orderBy: [{ value: ASC }]`],
    ['deals', `after: "${good[0] === 'A' ? 'B' : 'A'}${good.slice(1)}", orderBy: [{ value: ASC }]`],
    ['deals', `after: "${good}=", orderBy: [{ value: ASC }]`],
    ['deals', `after: "", orderBy: [{ value: ASC }]`],
    ['deals', `after: "${randomUUID()}", orderBy: [{ value: ASC }]`],
  ];
  for (const [list, args, other] of tries) {
    const { errors } = await stage.send(`{ ${list}(${args}) { nodes { id } } }`, { token: other ?? token });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ path: ['after'], code: 'BAD_CURSOR' }] });
  }
});

test('a cursor works for thirty days and then says that it is too old', async () => {
  let now = Date.now();
  const clocked = await openStage({ now: () => now });
  const owner = await clocked.world.organization();
  await clocked.world.contact(owner);
  await clocked.world.contact(owner);
  const cursorOf = async (): Promise<string> =>
    (await clocked.send('{ contacts(first: 1) { pageInfo { endCursor } } }', { token: clocked.tokenOf(owner) })).data.contacts
      .pageInfo.endCursor;
  const cursor = await cursorOf();
  expect(await cursorOf()).toBe(cursor);
  const next = (): ReturnType<Stage['send']> =>
    clocked.send(`{ contacts(first: 1, after: "${cursor}") { nodes { id } } }`, { token: clocked.tokenOf(owner) });
  now += 30 * 86_400_000;
  expect((await next()).data.contacts.nodes).toHaveLength(1);
  now += 3 * 86_400_000;
  expect((await next()).errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
  await clocked.close();
});
