import type pg from 'pg';
import { countStatement, pageStatement } from '../src/db/engine/page.js';
import type { FilterInput } from '../src/db/engine/filter.js';
import { sortKeys, type OrderInput } from '../src/db/engine/keys.js';
import { orderSignature, type KeyValues } from '../src/db/engine/order.js';
import type { Scope } from '../src/db/engine/scope.js';
import type { Statement } from '../src/db/engine/sql.js';
import type { Window } from '../src/db/engine/window.js';
import type { CustomFieldDefinition } from '../src/db/custom-fields.js';
import { columnOf, kindOf, type Entity, type Operator } from '../src/db/graph.js';
import { graph } from '../src/domain/index.js';
import { connect } from './support/database.js';
import { openStage, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

interface Plan {
  'Node Type': string;
  'Index Cond'?: string;
  'Recheck Cond'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Relation Name'?: string;
  Plans?: Plan[];
}

const ROWS = 16_000;
let stage: Stage;
let org: Organization;
let app: pg.Client;

beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
  // Nothing is searched here, and keeping the words of search would take most of the time.
  await stage.world.client.query(WITHOUT_SEARCH);
  await fill(org, ROWS);
  await fill(await stage.world.organization(), ROWS / 4);
  await stage.world.client.query('ANALYZE');
  app = await connect(stage.database.appUrl);
  // What the embedded server runs with, and what docs/OPERATIONS.md asks of any other on an SSD.
  await app.query(`SET app.org_id = '${org.id}'; SET TimeZone = 'UTC'; SET random_page_cost = 1.1`);
}, 60_000);
afterAll(async () => {
  await app.end();
  await stage.close();
});

const WITHOUT_SEARCH = `
  DO $$ DECLARE found record; BEGIN
    FOR found IN SELECT tgrelid::regclass AS place, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE '%search%' LOOP
      EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', found.place, found.tgname);
    END LOOP;
  END $$`;

/** Realistic proportions, by bulk SQL: every field set for most rows, null for some, values that differ. */
async function fill(of: Organization, rows: number): Promise<void> {
  const { client } = stage.world;
  const series = (table: string, columns: string, values: string): Promise<unknown> =>
    client.query(`INSERT INTO ${table} (org_id, id, created_at, updated_at, ${columns})
      SELECT '${of.id}', gen_random_uuid(), timestamptz '2025-01-01' + i * interval '17 minutes', timestamptz '2025-06-01' + i * interval '11 minutes', ${values}
      FROM generate_series(1, ${rows}) AS i`);
  const member = `CASE WHEN i % 50 = 1 THEN '${of.users.ADMIN.id}'::uuid WHEN i % 50 = 2 THEN '${of.users.OWNER.id}'::uuid ELSE '${of.users.MEMBER.id}'::uuid END`;
  const sometimes = (value: string, every: number): string => `CASE WHEN i % ${every} = 0 THEN NULL ELSE ${value} END`;
  await series(
    'companies',
    'name, industry, website, phone, phone_e164, phone_digits, owner_id',
    `'Company ' || md5(i::text), ${sometimes(`'Industry ' || i % 500`, 3)}, 'https://' || i || '.example',
     ${sometimes(`'+493' || i`, 40)}, ${sometimes(`'+493' || i`, 40)}, ${sometimes(`'03' || i`, 40)}, ${sometimes(member, 50)}`,
  );
  const pick = (table: string): string => `(SELECT array_agg(id ORDER BY created_at) FROM ${table} WHERE org_id = '${of.id}')`;
  await client.query(`CREATE TEMP TABLE IF NOT EXISTS picked (name text PRIMARY KEY, ids uuid[])`);
  const picked = async (table: string): Promise<string> => {
    await client.query(
      `INSERT INTO picked SELECT '${table}', ${pick(table)} ON CONFLICT (name) DO UPDATE SET ids = excluded.ids`,
    );
    return `(SELECT ids[1 + i % ${rows}] FROM picked WHERE name = '${table}')`;
  };
  const company = await picked('companies');
  await series(
    'contacts',
    'first_name, last_name, email, phone, phone_e164, phone_digits, status, tags, company_id, owner_id, last_activity_at, custom_fields, custom_text_a, custom_number_a, custom_date_a',
    `md5('f' || i), md5('l' || i), ${sometimes(`i || '@' || md5(i::text) || '.example'`, 40)}, ${sometimes(`'+493' || i`, 40)}, ${sometimes(`'+493' || i`, 40)}, ${sometimes(`'03' || i`, 40)},
     (ARRAY['LEAD','QUALIFIED','CUSTOMER','FORMER'])[1 + i % 4]::"ContactStatus", ARRAY['tag' || i % 300, 'all'], ${sometimes(company, 60)},
     ${sometimes(member, 60)}, ${sometimes(`timestamptz '2025-03-01' + i * interval '3 minutes'`, 60)},
     ${customValues()}`,
  );
  const contact = await picked('contacts');
  // Of a single one PostgreSQL does not care by which index it is found.
  await client.query(
    `INSERT INTO pipelines (org_id, id, created_at, updated_at, name, stages)
     SELECT '${of.id}', gen_random_uuid(), timestamptz '2025-01-01' + i * interval '1 day', timestamptz '2025-06-01' + i * interval '1 day', 'Line ' || i,
            jsonb_build_array(jsonb_build_object('id', gen_random_uuid(), 'name', 'Only', 'probability', 50))
     FROM generate_series(1, 40) AS i`,
  );
  await client.query(
    `UPDATE pipelines SET stages = (SELECT jsonb_agg(stage || '{"daysToRot": 11}') FROM jsonb_array_elements(stages) AS stage) WHERE id = $1`,
    [of.pipelineId],
  );
  await series(
    'deals',
    'pipeline_id, stage_id, stage_entered_at, title, currency, position, value, expected_close_date, contact_id, company_id, owner_id, status, closed_at',
    `'${of.pipelineId}', (ARRAY['${of.stageIds.join("','")}']::uuid[])[1 + i % 3], now() - i * interval '1 minute', 'Deal ' || md5(i::text), 'EUR', 'a' || i,
     ${sometimes('i * 10.5', 60)}, ${sometimes(`date '2026-01-01' + i % 3000`, 60)}, ${sometimes(contact, 60)}, ${sometimes(company, 60)}, ${sometimes(member, 60)},
     (CASE i % 400 WHEN 0 THEN 'WON' WHEN 1 THEN 'LOST' ELSE 'OPEN' END)::"DealStatus", CASE WHEN i % 400 < 2 THEN now() END`,
  );
  const deal = await picked('deals');
  await series(
    'activities',
    'user_id, type, subject, due_date, is_completed, completed_at, contact_id, deal_id, owner_id',
    `${member}, (ARRAY['NOTE','CALL','TASK','MEETING','EMAIL'])[1 + i % 5]::"ActivityType", 'About ' || md5(i::text), ${sometimes(`timestamptz '2026-01-01' + i * interval '5 minutes'`, 60)},
     i % 30 = 0, CASE WHEN i % 30 = 0 THEN now() END, ${sometimes(contact, 60)}, CASE WHEN i % 60 = 0 THEN ${deal} WHEN i % 7 = 0 THEN NULL ELSE ${deal} END, ${sometimes(member, 60)}`,
  );
  await series(
    'users',
    'email, password_hash, first_name, last_name, role, is_active, last_login_at',
    `i || '@${of.slug}.example', 'x', 'First', md5(i::text),
     (ARRAY['OWNER','ADMIN','MANAGER','MEMBER','VIEWER'])[CASE WHEN i % 20 < 4 THEN 1 + i % 4 ELSE 5 END]::"Role", i % 40 <> 0, ${sometimes(`timestamptz '2026-01-01' + i * interval '5 minutes'`, 60)}`,
  );
  await series(
    'custom_fields',
    'entity, key, type, label, place',
    `(ARRAY['CONTACT','COMPANY','DEAL'])[CASE WHEN i % 50 < 2 THEN 2 + i % 2 ELSE 1 END]::"CustomFieldEntity", 'k' || i, 'TEXT', 'Label', i`,
  );
  await series('consent_purposes', 'key, name, lawful_basis, is_contacting', `'k' || i, 'Purpose', 'CONSENT', false`);
  const purpose = await picked('consent_purposes');
  await client.query(
    `INSERT INTO consents (org_id, id, contact_id, purpose_id, entry, kind, lawful_basis, channel, given_at)
     SELECT '${of.id}', gen_random_uuid(), ${contact}, ${purpose}, i, 'GRANTED', 'CONSENT', 'OTHER', now() FROM generate_series(1, ${rows}) AS i`,
  );
  const letters = (shift: number): string => `chr(65 + i % 26) || chr(65 + (i / 26) % 26) || chr(65 + ${shift})`;
  await series(
    'exchange_rates',
    'from_currency, to_currency, rate, valid_from',
    `${letters(1)}, ${letters(2)}, 1 + i * 0.0001, date '1990-01-01' + i`,
  );
  await client.query(`INSERT INTO pipelines (org_id, id, name, stages, created_at, updated_at)
      SELECT '${of.id}', gen_random_uuid(), 'Pipeline ' || md5(i::text), jsonb_build_array(jsonb_build_object('id', gen_random_uuid(), 'name', 'One', 'probability', 10)),
             timestamptz '2025-01-01' + i * interval '17 minutes', timestamptz '2025-06-01' + i * interval '11 minutes' FROM generate_series(1, 300) AS i`);
}

/** Custom fields of contacts, by key: two of each kind that can be sorted by, one with a slot and one without. */
const CUSTOM = Object.fromEntries(
  [
    ['sortedText', 'TEXT', 'text_a'],
    ['sortedNumber', 'NUMBER', 'number_a'],
    ['sortedDate', 'DATE', 'date_a'],
    ['text', 'TEXT', null],
    ['number', 'NUMBER', null],
    ['date', 'DATE', null],
    ['choice', 'SELECT', null],
    ['choices', 'MULTI_SELECT', null],
  ].map(([key, type, slot], index) => {
    const rest = { entity: 'CONTACT', label: 'x', options: [], place: index, isRequired: false };
    return [key, { id: `00000000-0000-4000-8000-00000000000${index}`, key, type, slot, ...rest } as CustomFieldDefinition];
  }),
);

/** Each field set for most rows; values, then their copies in the slots. */
function customValues(): string {
  const [text, number, date] = [`'value ' || md5('c' || i)`, `i`, `date '2000-01-01' + i`];
  const each: Record<string, string> = { sortedText: text, text, sortedNumber: `${number}::text`, number: `${number}::text` };
  Object.assign(each, { sortedDate: `(${date})::text`, date: `(${date})::text`, choice: `'option ' || i % 400` });
  Object.assign(each, { choices: `jsonb_build_array('option ' || i % 400, 'all')` });
  const pairs = Object.entries(each).map(([key, value]) => `'${CUSTOM[key]?.id}', ${value}`);
  const copies = [text, number, date].map((value) => `CASE WHEN i % 60 = 0 THEN NULL ELSE ${value} END`);
  return `CASE WHEN i % 60 = 0 THEN '{}' ELSE jsonb_build_object(${pairs.join(', ')}) END, ${copies.join(', ')}`;
}

function windowFor(entity: Entity, orderBy: OrderInput[], filter: FilterInput, after: KeyValues | null): Window {
  const [scope] = scopes() as [Scope];
  const keys = sortKeys(entity, orderBy, entity.defaultOrder, scope);
  return { keys, size: 25, backward: false, after, before: null, filter, deleted: undefined, bound: orderSignature(keys) };
}

async function explain({ text, values }: Statement, options = ''): Promise<Plan[]> {
  const { rows } = await app.query<{ 'QUERY PLAN': { Plan: Plan }[] }>({
    text: `EXPLAIN (FORMAT JSON ${options}) ${text}`,
    values: values as unknown[],
  });
  return flatten(rows[0]?.['QUERY PLAN'][0]?.Plan);
}

function flatten(plan: Plan | undefined): Plan[] {
  return plan ? [plan, ...(plan.Plans ?? []).flatMap(flatten)] : [];
}

/** Of a manager, and of a member, whose statements carry the condition of visibility. */
const scopes = (): Scope[] =>
  [null, org.users.MEMBER.id].map((onlyOf) => ({
    orgId: org.id,
    userId: org.users.MEMBER.id,
    tenantFilter: true,
    onlyOf,
    graph,
    now: new Date().toISOString(),
    customFields: Object.values(CUSTOM),
    checkMayRead: () => undefined,
  }));

/** An operand that few rows match, so that only the condition's own index is worth taking. */
async function operand(entity: Entity, field: string, operator: Operator): Promise<unknown> {
  if (operator === 'isNull' || entity.expressions[field]) return true;
  if (operator === 'hasAny') return ['tag7', 'tag8'];
  if (operator === 'hasAll') return ['tag7', 'all'];
  const column = columnOf(field);
  if (['lt', 'lte', 'gt', 'gte'].includes(operator)) return extreme(entity, column, operator.startsWith('g'));
  const { rows } = await stage.world.client.query<{ value: string }>(
    `SELECT ${column}::text AS value FROM ${entity.table} WHERE org_id = $1 AND ${column} IS NOT NULL GROUP BY 1 ORDER BY count(*), 1 LIMIT 1`,
    [org.id],
  );
  const [rare] = rows.map((row) => (kindOf(entity, field).kind === 'boolean' ? row.value === 'true' : row.value));
  if (operator === 'in') return [rare, rare];
  if (operator === 'contains') return String(rare).slice(3, 12).toUpperCase();
  return operator === 'startsWith' ? String(rare).slice(0, -1) : rare;
}

/** Where half of the rows lie on either side. */
async function middle(entity: Entity, field: string): Promise<string> {
  const { rows } = await stage.world.client.query<{ value: string }>(
    `SELECT (percentile_disc(0.5) WITHIN GROUP (ORDER BY ${columnOf(field)}))::text AS value FROM ${entity.table} WHERE org_id = $1`,
    [org.id],
  );
  return rows[0]?.value ?? '';
}

/** Near the end, so that the condition selects little. */
async function extreme(entity: Entity, column: string, atTheEnd: boolean): Promise<unknown> {
  const { rows } = await stage.world.client.query<{ value: string }>(
    `SELECT ${column}::text AS value FROM ${entity.table} WHERE org_id = $1 AND ${column} IS NOT NULL ORDER BY ${column} ${atTheEnd ? 'DESC' : 'ASC'} OFFSET 20 LIMIT 1`,
    [org.id],
  );
  return rows[0]?.value;
}

const listed = [...graph.values()].filter((entity) => entity.root);
const orders = listed.flatMap((entity) => entity.orders.map((field): [string, string] => [entity.table, field]));
const filters = listed.flatMap((entity) =>
  Object.entries(entity.filters).flatMap(([name, operators]) =>
    operators.map((operator): [string, string, Operator] => [entity.table, name, operator]),
  ),
);

test.each(orders)('%s ordered by %s walk an index, and start where the cursor stands', async (table, field) => {
  const entity = graph.get(table) as Entity;
  const { nullable } = kindOf(entity, field);
  for (const sort of ['ASC', 'DESC', 'ASC_NULLS_FIRST', 'DESC_NULLS_FIRST'] as const) {
    const positions: KeyValues[] = [[await middle(entity, field), org.id], ...(nullable ? [[null, org.id]] : [])];
    for (const position of positions) {
      for (const scope of scopes()) {
        const plan = await explain(pageStatement(entity, windowFor(entity, [{ [field]: sort }], {}, position), scope, null));
        const scans = plan.filter((node) => node['Relation Name'] === table);
        expect(scans.map((node) => node['Node Type'])).not.toContain('Seq Scan');
        const conditions = scans.map((node) => node['Index Cond'] ?? '').join(' ');
        expect(conditions).toMatch(
          position[0] === null
            ? new RegExp(`${columnOf(field)} IS NULL.*id [<>]`)
            : new RegExp(`ROW\\((\\w+\\.)?"?${columnOf(field)}"?, (\\w+\\.)?id\\) [<>]`),
        );
        // Sorting is left to at most one page's worth of rows: the two branches of a nullable key.
        const sorts = plan.filter((node) => node['Node Type'] === 'Sort').length;
        expect(sorts).toBeLessThanOrEqual(nullable ? 1 : 0);
      }
    }
  }
});

test.each(filters)('%s filtered by %s %s use an index', async (table, name, operator) => {
  const entity = graph.get(table) as Entity;
  const field = entity.aliases[name] ?? name;
  const filter = { [name]: { [operator]: await operand(entity, field, operator) } };
  await app.query('SET enable_seqscan = off');
  // For members a reference to a hidden record is none, so "is null" has no index of its own.
  const isReference = Object.values(entity.toOne).some(({ key }) => key === field);
  for (const scope of operator === 'isNull' && isReference ? scopes().slice(0, 1) : scopes()) {
    const plan = await explain(countStatement(entity, windowFor(entity, [], filter, null), scope, null));
    const conditions = plan.filter((node) => /Index/.test(node['Node Type'])).map((node) => node['Index Cond'] ?? '');
    const compared = (operator === 'isNull' ? undefined : entity.forms[name]?.fields) ?? [entity.expressions[name]?.of ?? field];
    expect(conditions.join(' ')).toMatch(new RegExp(`\\b(${compared.map(columnOf).join('|')})\\b`));
  }
  await app.query('RESET enable_seqscan');
});

test.each(['Text', 'Number', 'Date'])(
  'contacts ordered by a custom field (%s) walk an index of its own, and start where the cursor stands',
  async (kind) => {
    const entity = graph.get('contacts') as Entity;
    const field = `custom${kind}A`;
    for (const direction of ['ASC', 'DESC', 'ASC_NULLS_FIRST', 'DESC_NULLS_FIRST'] as const) {
      for (const position of [
        [await middle(entity, field), org.id],
        [null, org.id],
      ]) {
        for (const scope of scopes()) {
          const window = windowFor(entity, [{ customFields: { key: `sorted${kind}`, direction } }], {}, position);
          const plan = await explain(pageStatement(entity, window, scope, null));
          const scans = plan.filter((node) => node['Relation Name'] === 'contacts');
          expect(scans.map((node) => node['Node Type'])).not.toContain('Seq Scan');
          expect(scans.map((node) => node['Index Cond'] ?? '').join(' ')).toMatch(
            position[0] === null
              ? new RegExp(`${columnOf(field)} IS NULL.*id [<>]`)
              : new RegExp(`ROW\\((\\w+\\.)?${columnOf(field)}, (\\w+\\.)?id\\) [<>]`),
          );
          expect(plan.filter((node) => node['Node Type'] === 'Sort').length).toBeLessThanOrEqual(1);
        }
      }
    }
  },
);

test.each([
  ['sortedText', { text: { eq: 'value x' } }, 'custom_fields'],
  ['text', { text: { in: ['value x', 'value y'] } }, 'custom_fields'],
  ['choice', { select: { eq: 'option 7' } }, 'custom_fields'],
  ['choice', { select: { in: ['option 7', 'option 8'] } }, 'custom_fields'],
  ['choices', { options: { hasAny: ['option 7', 'option 8'] } }, 'custom_fields'],
  ['choices', { options: { hasAll: ['option 7', 'all'] } }, 'custom_fields'],
  ['number', { number: { eq: '77.0' } }, 'custom_fields'],
  ['number', { number: { in: ['77', '78'] } }, 'custom_fields'],
  ['date', { date: { eq: '2001-02-03' } }, 'custom_fields'],
  ['date', { date: { in: ['-P1D', 'P0D'] } }, 'custom_fields'],
  ...['eq', 'gt', 'gte'].map((operator) => ['sortedNumber', { number: { [operator]: '15990' } }, 'custom_number_a'] as const),
  ...['lt', 'lte'].map((operator) => ['sortedNumber', { number: { [operator]: '10' } }, 'custom_number_a'] as const),
  ['sortedNumber', { number: { in: ['10', '11'] } }, 'custom_number_a'],
  ['sortedNumber', { number: { isNull: true } }, 'custom_number_a'],
  ...['eq', 'gt', 'gte'].map((operator) => ['sortedDate', { date: { [operator]: 'P10Y' } }, 'custom_date_a'] as const),
  ...['lt', 'lte'].map((operator) => ['sortedDate', { date: { [operator]: '2000-01-05' } }, 'custom_date_a'] as const),
  ['sortedDate', { date: { isNull: true } }, 'custom_date_a'],
] as const)('contacts filtered by the custom field %s %j use an index', async (key, condition, column) => {
  const entity = graph.get('contacts') as Entity;
  await app.query('SET enable_seqscan = off');
  for (const scope of scopes()) {
    const window = windowFor(entity, [], { customFields: [{ key, ...condition }] }, null);
    const plan = await explain(countStatement(entity, window, scope, null));
    const conditions = plan.filter((node) => /Index/.test(node['Node Type'])).map((node) => node['Index Cond'] ?? '');
    expect(conditions.join(' ')).toMatch(new RegExp(`\\b${column}\\b`));
  }
  await app.query('RESET enable_seqscan');
});

const RELATIVE = [
  ['contacts', 'createdAt', '-P2W', 'gte'],
  ['contacts', 'lastActivityAt', '-PT3H', 'gt'],
  ['deals', 'expectedCloseDate', '-P1M', 'lt'],
  ['deals', 'expectedCloseDate', 'P0D', 'eq'],
  ['deals', 'rotsAt', 'PT260H', 'gte'],
  ['activities', 'dueDate', 'P2W', 'gte'],
] as const;

test.each(RELATIVE)('%s filtered by %s from a relative date (%s, %s) use an index', async (table, name, operand, operator) => {
  const entity = graph.get(table) as Entity;
  await app.query('SET enable_seqscan = off');
  for (const scope of scopes()) {
    const plan = await explain(
      countStatement(entity, windowFor(entity, [], { [name]: { [operator]: operand } }, null), scope, null),
    );
    const conditions = plan.filter((node) => node['Relation Name'] === table || /Bitmap Index/.test(node['Node Type']));
    expect(conditions.map((node) => node['Index Cond'] ?? '').join(' ')).toMatch(new RegExp(`\\b${columnOf(name)}\\b`));
  }
  await app.query('RESET enable_seqscan');
});

const hops = listed.flatMap((entity) => [
  ...Object.entries(entity.toOne).map(([name, { entity: target, key }]) => ({ entity, name, target, key, many: false })),
  ...Object.entries(entity.toMany).map(([name, { entity: target, key }]) => ({
    entity,
    name,
    target,
    key: key ?? '',
    many: true,
  })),
]);

test.each(hops.map((hop) => [hop.entity.table, hop.name, hop] as const))(
  '%s filtered by their %s walk an index, from either end',
  async (table, name, hop) => {
    const someId = async (of: string): Promise<string> =>
      (
        await stage.world.client.query<{ id: string }>(
          `SELECT id FROM ${of} WHERE org_id = $1 ORDER BY ${of === 'pipeline_stages' ? 'id' : 'created_at'} LIMIT 1`,
          [org.id],
        )
      ).rows[0]?.id ?? '';
    const over = (condition: FilterInput): FilterInput => ({ [name]: hop.many ? { some: condition } : condition });
    const fromHere = { id: { eq: await someId(table) }, ...over({ createdAt: { gt: '2020-01-01T00:00:00Z' } }) };
    const fromThere = over({ id: { eq: await someId(hop.target) } });
    for (const scope of scopes()) {
      const conditionsOn = async (filter: FilterInput, of: string): Promise<string> => {
        const plan = await explain(countStatement(hop.entity, windowFor(hop.entity, [], filter, null), scope, null));
        return plan
          .filter((node) => /Index/.test(node['Node Type']) && (node['Relation Name'] ?? of) === of)
          .map((node) => node['Index Cond'] ?? '')
          .join(' ');
      };
      const [here, there] = hop.many ? ['id', columnOf(hop.key)] : [columnOf(hop.key), 'id'];
      if (hop.target !== 'pipeline_stages')
        expect(await conditionsOn(fromHere, hop.target)).toMatch(new RegExp(`\\b${there}\\b`));
      expect(await conditionsOn(fromThere, table)).toMatch(new RegExp(`\\b${here}\\b`));
    }
  },
);

test('a list of more than 10,000 rows refuses an order that no index walks, and names filters that help; a shorter one is sorted', async () => {
  const ask = (filter: object): ReturnType<Stage['send']> =>
    stage.send(
      `query ($filter: DealFilter) { deals(first: 30, filter: $filter, orderBy: [{ company: { name: ASC } }, { createdAt: DESC }]) { totalCount nodes { company { name } } pageInfo { hasNextPage } } }`,
      { token: stage.tokenOf(org, 'MANAGER'), variables: { filter } },
    );
  const { errors } = await ask({ status: { eq: 'OPEN' } });
  expect(errors?.[0]?.extensions).toMatchObject({
    code: 'INVALID_INPUT',
    fields: [{ path: ['orderBy'], code: 'TOO_MANY_ROWS' }],
  });
  expect(errors?.[0]?.message).toMatch(
    /^No index serves the order by `company.name`.* Choose fewer with a filter, for example `pipelineId`, `stageId`, /,
  );
  const { data } = await ask({ stageId: { eq: org.stageIds[0] } });
  const names = data.deals.nodes.map((deal: { company: { name: string } }) => deal.company.name);
  expect(data.deals).toMatchObject({ totalCount: 5333, pageInfo: { hasNextPage: true } });
  expect(names).toEqual([...names].sort());
});

test('page 320 reads as many rows as page 1', async () => {
  const entity = graph.get('deals') as Entity;
  for (const field of ['createdAt', 'value', 'expectedCloseDate'] as const) {
    const orderBy: OrderInput[] = [{ [field]: 'ASC' }];
    const column = columnOf(field);
    const { rows } = await stage.world.client.query<{ value: string; id: string }>(
      `SELECT ${column}::text AS value, id FROM deals WHERE org_id = $1 ORDER BY ${column}, id OFFSET 8000 LIMIT 1`,
      [org.id],
    );
    const [scope] = scopes() as [Scope];
    const read = async (after: KeyValues | null): Promise<number> => {
      const plan = await explain(pageStatement(entity, windowFor(entity, orderBy, {}, after), scope, null), ', ANALYZE');
      const scans = plan.filter((node) => node['Relation Name'] === 'deals');
      return scans.reduce(
        (sum, node) => sum + ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 1),
        0,
      );
    };
    const [first, deep] = [await read(null), await read([rows[0]?.value ?? null, rows[0]?.id ?? ''])];
    expect(deep).toBeLessThanOrEqual(first + 26 + 1);
  }
});
