import type pg from 'pg';
import { countStatement, pageStatement } from '../src/db/engine/page.js';
import { sortKeys } from '../src/db/engine/keys.js';
import type { Scope } from '../src/db/engine/scope.js';
import { compile, type Statement } from '../src/db/engine/sql.js';
import { totalsStatement } from '../src/db/engine/totals.js';
import type { Entity } from '../src/db/graph.js';
import { sightOf } from '../src/db/sight.js';
import { graph } from '../src/domain/index.js';
import { forecastStatement } from '../src/domain/reports/queries/forecast.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import type { Organization } from './support/world.js';

const DEALS = 12_000;
const PROBABILITIES = [25, 50, 75];

let stage: Stage;
let org: Organization;
let app: pg.Client;
beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
  for (const each of [org, await stage.world.organization()]) await fill(each);
  await stage.world.client.query('VACUUM ANALYZE deals');
  app = await connect(stage.database.appUrl);
  await app.query(`SET app.org_id = '${org.id}'; SET TimeZone = 'UTC'; SET random_page_cost = 1.1`);
}, 60_000);
afterAll(async () => {
  await app.end();
  await stage.close();
});

/** As boards grow: in each column old deals, long closed, lie above the open ones; some are deleted, some nobody's. */
async function fill({ id, pipelineId, stageIds, users }: Organization): Promise<void> {
  await stage.world.client.query(
    `INSERT INTO deals (org_id, id, pipeline_id, stage_id, title, currency, position, value, owner_id, status, closed_at, deleted_at)
     SELECT $1, gen_random_uuid(), $2, ($3::uuid[])[1 + i % 3], 'Deal ' || i, (ARRAY['EUR', 'USD', 'JPY'])[1 + i % 4 % 3], 'a' || lpad(i::text, 6, '0'),
            CASE WHEN i % 11 > 0 THEN (i * 7 % 1000) * CASE WHEN i % 4 % 3 = 2 THEN 1 ELSE 1.25 END END,
            CASE i % 5 WHEN 0 THEN $4::uuid WHEN 1 THEN NULL ELSE $5::uuid END, status::"DealStatus", CASE WHEN status <> 'OPEN' THEN now() END,
            CASE WHEN i % 13 = 0 THEN now() END
       FROM generate_series(1, $6) AS i, LATERAL (SELECT CASE WHEN i > $6 / 2 THEN 'OPEN' WHEN i % 2 = 0 THEN 'WON' ELSE 'LOST' END AS status) AS made`,
    [id, pipelineId, stageIds, users.MEMBER.id, users.MANAGER.id, DEALS],
  );
}

const BOARD = `query ($id: ID!, $filter: DealFilter, $orderBy: [DealOrder!]) {
  pipeline(id: $id) { stages { id name deals(filter: $filter, orderBy: $orderBy, first: 20) {
    totalCount totals { currency count sum weightedSum } edges { cursor node { id title value currency owner { id } } } pageInfo { hasNextPage hasPreviousPage } } } } }`;
const board = (variables: object = {}, role: 'OWNER' | 'MEMBER' = 'OWNER'): Promise<Answer> =>
  stage.send(BOARD, { token: stage.tokenOf(org, role), variables: { id: org.pipelineId, ...variables } });

interface Row {
  id: string;
  stage_id: string;
  value: number | null;
  currency: string;
  status: string;
  owner_id: string | null;
}

/** What the board should show, added up here. */
async function expected(keep: (row: Row) => boolean): Promise<unknown[]> {
  const { rows } = await stage.world.client.query<Row>(
    'SELECT id, stage_id, value::float8, currency, status::text, owner_id FROM deals WHERE org_id = $1 AND deleted_at IS NULL ORDER BY position',
    [org.id],
  );
  const weight = ({ status }: Row, index: number): number => ({ WON: 100, LOST: 0 })[status] ?? PROBABILITIES[index] ?? 0;
  return org.stageIds.map((stageId, index) => {
    const deals = rows.filter((row) => row.stage_id === stageId && keep(row));
    const totals = [...new Set(deals.map((deal) => deal.currency))].sort().map((currency) => {
      const own = deals.filter((deal) => deal.currency === currency);
      const add = (amount: (row: Row) => number): string =>
        shown(
          own.reduce((sum, row) => sum + amount(row), 0),
          currency,
        );
      return {
        currency,
        count: own.length,
        sum: add((row) => row.value ?? 0),
        weightedSum: add((row) => ((row.value ?? 0) * weight(row, index)) / 100),
      };
    });
    return { count: deals.length, totals, first: deals.slice(0, 20).map((deal) => deal.id), more: deals.length > 20 };
  });
}

/** Half away from zero; nothing here is large enough for a float to be wrong. */
function shown(amount: number, currency: string): string {
  const scale = currency === 'JPY' ? 0 : 2;
  return (Math.round(amount * 10 ** scale + 1e-6) / 10 ** scale).toFixed(scale);
}

function told({ data, errors }: Answer): unknown[] {
  expect(errors).toBeUndefined();
  type Column = {
    deals: { totalCount: number; totals: unknown; edges: { node: { id: string } }[]; pageInfo: { hasNextPage: boolean } };
  };
  return (data.pipeline.stages as Column[]).map(({ deals }) => ({
    count: deals.totalCount,
    totals: deals.totals,
    first: deals.edges.map(({ node }) => node.id),
    more: deals.pageInfo.hasNextPage,
  }));
}

test('a board is one query: each column with its page, count and totals, of the deals its filter lets through', async () => {
  expect(told(await board())).toEqual(await expected(() => true));
  expect(told(await board({ filter: { status: { eq: 'OPEN' } } }))).toEqual(await expected((row) => row.status === 'OPEN'));
  const mine = { status: { eq: 'OPEN' }, ownerId: { eq: org.users.MEMBER.id } };
  expect(told(await board({ filter: mine }))).toEqual(
    await expected((row) => row.status === 'OPEN' && row.owner_id === org.users.MEMBER.id),
  );
});

test('who sees only the own deals has a board of those', async () => {
  const set = (visibility: string): Promise<unknown> =>
    stage.world.client.query(
      `UPDATE organizations SET settings = settings || jsonb_build_object('visibility', $2::text) WHERE id = $1`,
      [org.id, visibility],
    );
  await set('OWNER');
  const seen = told(await board({ filter: { status: { eq: 'OPEN' } } }, 'MEMBER'));
  await set('ORGANIZATION');
  expect(seen).toEqual(
    await expected((row) => row.status === 'OPEN' && (row.owner_id === null || row.owner_id === org.users.MEMBER.id)),
  );
});

test('a board takes the same few statements, however many columns and deals it has', async () => {
  stage.statements();
  await board({ filter: { status: { eq: 'OPEN' } } });
  // The snapshot, the pipeline, its stages; and for all columns together: pages with all that is read of their deals, counts, totals.
  expect(stage.statements()).toHaveLength(6);
});

interface Plan {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

const scopeOf = (who: string): Scope => ({
  orgId: org.id,
  userId: org.users.MEMBER.id,
  tenantFilter: true,
  onlyOf: who === 'members' ? org.users.MEMBER.id : null,
  graph,
  now: new Date().toISOString(),
  checkMayRead: () => undefined,
});

/** How a statement reads deals. */
async function scansOf({ text, values }: Statement): Promise<unknown[]> {
  const explain = { text: `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values: values as unknown[] };
  const { rows } = await app.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(explain);
  const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];
  return nodes(rows[0]?.['QUERY PLAN'][0]?.Plan as Plan)
    .filter((node) => node['Relation Name'] === 'deals')
    .map((node) => [node['Node Type'], node['Index Name'], (node['Rows Removed by Filter'] ?? 0) < 50]);
}

test.each(['managers', 'members'])('for %s, page, count and totals of open deals each come from one index', async (who) => {
  const entity = graph.get('deals') as Entity;
  const scope = scopeOf(who);
  const window = {
    keys: sortKeys(entity, [], ['position', 'ASC'], scope),
    size: 20,
    backward: false,
    after: null,
    before: null,
    filter: { status: { eq: 'OPEN' } },
    deleted: undefined,
    bound: '',
  };
  const scans = (make: typeof pageStatement): Promise<unknown[]> =>
    scansOf(make(entity, window, scope, { key: 'stageId', ids: org.stageIds }));
  const column = 'deals_org_id_stage_id_position_id_status_deleted_at_idx';
  // The thousands of closed deals above the open ones are passed over inside the index.
  expect(await scans(pageStatement)).toEqual([['Index Scan', column, true]]);
  expect(await scans(countStatement)).toEqual([['Index Only Scan', 'deals_board_totals_idx', expect.anything()]]);
  expect(await scans(totalsStatement)).toEqual([['Index Only Scan', 'deals_board_totals_idx', expect.anything()]]);
});

test.each(['managers', 'members'])('for %s, the forecast is read from the index of the board’s totals alone', async (who) => {
  const sight = sightOf(scopeOf(who));
  const grouped = { keys: sight.keys('deals', ['CLOSE_MONTH', 'OWNER', 'PIPELINE']), currency: null };
  const scans = await scansOf(compile(forecastStatement(sight, grouped, {}, {})));
  expect(scans).toEqual([['Index Only Scan', 'deals_board_totals_idx', expect.anything()]]);
});
