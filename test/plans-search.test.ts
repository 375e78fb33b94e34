import { sql } from 'kysely';
import type pg from 'pg';
import { aheadOf, placeOf, type Place } from '../src/db/index.js';
import { compile, filled, type Sql } from '../src/db/engine/sql.js';
import { parentsTable } from '../src/db/engine/list.js';
import { openScopeOf, scopeOf, unplanned, type Scope } from '../src/db/engine/scope.js';
import { keptAsker } from '../src/db/kept-questions.js';
import { unkept } from '../src/db/lists.js';
import { sightOf } from '../src/db/sight.js';
import { graph } from '../src/domain/index.js';
import { can } from '../src/domain/permissions.js';
import { foundStatement, given, searchStatement, TABLES } from '../src/domain/search/queries.js';
import { formOf, questionOf } from '../src/domain/search/question.js';
import { timelineStatement } from '../src/domain/timeline/queries.js';
import { callerOf, openStage, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import type { Organization } from './support/world.js';

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

/** Every contact is called Anna, and one has half of the notes and all facts: nothing that grows with them may be read. */
const ROWS = 20_000;
let stage: Stage;
let org: Organization;
let app: pg.Client;
let contact: string;
let company: string;

beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
  const { client } = stage.world;
  company = await stage.world.company(org);
  contact = await stage.world.contact(org, { first_name: 'Berta', company_id: company });
  const series = (table: string, columns: string, values: string, rows = ROWS): Promise<unknown> =>
    client.query(`INSERT INTO ${table} (org_id, id, created_at, ${columns})
      SELECT '${org.id}', gen_random_uuid(), timestamptz '2025-01-01' + i * interval '7 minutes', ${values} FROM generate_series(1, ${rows}) AS i`);
  await series(
    'contacts',
    'first_name, last_name, email, phone, phone_e164, phone_digits',
    `'Anna', 'S' || md5(i::text), i || '@example.com', '+4930' || 1000000 + i, '+4930' || 1000000 + i, '030' || 1000000 + i`,
  );
  await client.query(`UPDATE contacts SET company_id = $1 WHERE id IN (SELECT id FROM contacts WHERE org_id = $2 LIMIT 40)`, [
    company,
    org.id,
  ]);
  await client.query(`CREATE TEMP TABLE everybody AS SELECT array_agg(id) AS ids FROM contacts WHERE org_id = '${org.id}'`);
  await series(
    'activities',
    'user_id, contact_id, type, subject, description',
    `'${org.users.MEMBER.id}', CASE WHEN i % 2 = 0 THEN '${contact}' ELSE (SELECT ids[i] FROM everybody) END, 'NOTE', 'Offer', 'offer number ' || md5(i::text)`,
  );
  await series(
    'audit_logs',
    'seq, change_id, actor_kind, action, entity_type, entity_id, entity_version',
    `100000 + i, gen_random_uuid(), 'SYSTEM', 'UPDATE', 'Contact', '${contact}', 2`,
  );
  for (const table of ['contacts', 'companies', 'activities', 'audit_logs', 'search_words', 'search_terms', 'search_notes'])
    await client.query(`VACUUM (ANALYZE) ${table}`);
  app = await connect(stage.database.appUrl);
  await app.query(`SET app.org_id = '${org.id}'; SET TimeZone = 'UTC'; SET random_page_cost = 1.1`);
}, 60_000);
afterAll(async () => {
  await app.end();
  await stage.close();
});

const scope = (): Scope =>
  scopeOf(callerOf(org, 'MEMBER'), { graph, tenantFilter: true, seesAll: (caller) => can(caller, 'records:readAll') });
const firstPage: Place = placeOf({ first: 25 }, '', { seal: () => '', open: () => null });

/** Rows that the scans of a statement read, and the tables that it reads from end to end. */
async function reading(piece: Sql): Promise<{ rows: number; scanned: string[] }> {
  const { text, values } = compile(piece);
  const { rows } = await app.query<{ 'QUERY PLAN': { Plan: Plan }[] }>({
    text: `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
    values: values as unknown[],
  });
  const nodes = flatten(rows[0]?.['QUERY PLAN'][0]?.Plan).filter((node) => node['Relation Name'] && node['Actual Loops']);
  return {
    rows: nodes.reduce(
      (sum, node) => sum + ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 1),
      0,
    ),
    scanned: nodes
      .filter((node) => node['Node Type'] === 'Seq Scan' && node['Actual Loops'])
      .map((node) => node['Relation Name'] ?? ''),
  };
}

function flatten(plan: Plan | undefined): Plan[] {
  return plan ? [plan, ...(plan.Plans ?? []).flatMap(flatten)] : [];
}

test.each([
  ['a name that all have', 'anna', false],
  ['its first letter', 'a', false],
  ['two first letters', 'a s', false],
  ['a name and a beginning', 'anna s', false],
  ['a misspelt name', 'annna', true],
  ['an address that all have', 'example', false],
  ['digits that all have', '030 1', false],
  ['a word of every note', 'offers', false],
  ['a word of no note', 'zeppelin', false],
])('a search for %s reads few rows, whatever the organization holds', async (_, typed, alike) => {
  const question = questionOf(typed, ['CONTACT', 'COMPANY', 'DEAL', 'ACTIVITY']);
  const values = sql`${given(question, firstPage)}::text[]`;
  const { rows, scanned } = await reading(
    searchStatement(sightOf(unplanned(scope())), values, formOf(question, alike, firstPage)),
  );
  // The latest 5,000 notes, and for at most 100 records their words and themselves.
  expect(rows).toBeLessThan(7_500);
  expect(scanned.filter((table) => table !== 'organizations')).toEqual(
    ['companies', 'deals'].filter((table) => scanned.includes(table)),
  );
});

test('a search is planned once for all organizations, however much smaller than others theirs is', async () => {
  const small = await stage.world.organization();
  const seen = openScopeOf(callerOf(small, 'MEMBER'), { graph, tenantFilter: true, seesAll: () => true });
  const question = questionOf('offers', ['CONTACT', 'COMPANY', 'DEAL', 'ACTIVITY']);
  const form = formOf(question, false, firstPage);
  const other = await connect(stage.database.appUrl);
  await other.query(`SET app.org_id = '${small.id}'`);
  const ask = keptAsker({ scope: seen.scope, seal: { seal: () => '', open: () => null } }, unkept, async (statement, given) => {
    const { text, values } = filled(statement, { ...seen.fillings, given });
    return (await other.query({ name: 'search', text, values: values as unknown[] })).rows;
  });
  for (let n = 0; n < 8; n += 1)
    await ask({
      name: form.name,
      values: given(question, firstPage),
      records: new Map(Object.values(TABLES).map((table) => [table, aheadOf(null, [])])),
      isAll: false,
      write: (sight, values, record) => foundStatement(sight, values, form, record),
    });
  const { rows } = await other.query(
    `SELECT custom_plans::int AS custom, generic_plans::int AS generic FROM pg_prepared_statements`,
  );
  await other.end();
  // Five are planned for themselves, to find out what that is worth.
  expect(rows).toEqual([{ custom: 5, generic: 3 }]);
});

test.each([
  ['the first page', {}],
  ['a page far down', { after: ['2025-02-20T00:00:00.000Z', '00000000-0000-7000-8000-000000000001'] }],
  ['a page from the end', { backward: true }],
])('%s of a timeline reads no further than its entries', async (_, place) => {
  const statement = (table: 'contacts' | 'companies', id: string): Sql =>
    timelineStatement(sightOf(scope()), table, parentsTable({ key: 'id', ids: [id] }), { ...firstPage, ...place });
  const ofContact = await reading(statement('contacts', contact));
  expect(ofContact.scanned.filter((table) => !['organizations', 'deals'].includes(table))).toEqual([]);
  // 26 entries of each source, each activity with the contact that makes it seen, and the neighbours of the cursor.
  expect(ofContact.rows).toBeLessThan(150);
  const ofCompany = await reading(statement('companies', company));
  expect(ofCompany.scanned.filter((table) => !['organizations', 'deals'].includes(table))).toEqual([]);
  expect(ofCompany.rows).toBeLessThan(400);
});
