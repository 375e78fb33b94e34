import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { ROLES, type Role } from '../src/caller.js';
import { connect } from './support/database.js';
import { openStage, type Stage } from './support/app.js';
import { idsOf, type Filter, type Model, type Order, type Row, type Table, type Value } from './support/model.js';
import type { Columns, Organization } from './support/world.js';

const NAMES = ['Müller', 'MULLER', 'muller & co', 'Straße', 'strasse', 'Ärzte', 'arzt', '100% a_b', ''];
const PARTS = ['', 'm', 'MÜLL', 'ulle', 'strass', 'ß', 'ärz', '%', '_', 'o'];
const MOMENTS = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z', '2026-02-01T12:00:00.000Z', '2026-03-01T00:00:00.000Z'];
const SORTS = ['ASC', 'DESC', 'ASC_NULLS_FIRST', 'ASC_NULLS_LAST', 'DESC_NULLS_FIRST', 'DESC_NULLS_LAST'];
const COUNTS = { companies: 7, contacts: 14, deals: 26, activities: 26 };
const TYPES = { users: 'User', companies: 'Company', contacts: 'Contact', deals: 'Deal', activities: 'Activity' };
type List = keyof typeof TYPES;

const text = { kind: 'text', values: NAMES } as const;
const moment = { kind: 'moment', values: MOMENTS } as const;
const flag = { kind: 'boolean', values: [true, false] } as const;
const refers = (of?: string): Table['fields'][string] => ({ kind: 'id', values: [], ...(of && { of }) });
const enumeration = (...values: string[]): Table['fields'][string] => ({ kind: 'enum', values });

/** What is tried of each entity; `fill` makes rows of the same values. */
const TABLES: Record<string, Table> = {
  users: {
    fields: { id: refers(), lastName: text, role: enumeration('OWNER', 'ADMIN', 'MANAGER', 'MEMBER', 'VIEWER'), isActive: flag },
    one: {},
    many: {
      companies: { table: 'companies', key: 'ownerId' },
      contacts: { table: 'contacts', key: 'ownerId' },
      deals: { table: 'deals', key: 'ownerId' },
      activities: { table: 'activities', key: 'ownerId' },
      createdActivities: { table: 'activities', key: 'userId' },
    },
  },
  companies: {
    fields: { id: refers(), name: text, industry: text, ownerId: refers(), createdAt: moment },
    one: { owner: { table: 'users', key: 'ownerId' } },
    many: { contacts: { table: 'contacts', key: 'companyId' }, deals: { table: 'deals', key: 'companyId' } },
  },
  contacts: {
    fields: {
      id: refers(),
      lastName: text,
      firstName: text,
      status: enumeration('LEAD', 'QUALIFIED', 'CUSTOMER', 'FORMER'),
      tags: { kind: 'tags', values: ['vip', 'Berlin', 'ß'] },
      companyId: refers(),
      ownerId: refers(),
      lastActivityAt: moment,
      createdAt: moment,
    },
    one: { company: { table: 'companies', key: 'companyId' }, owner: { table: 'users', key: 'ownerId' } },
    many: { deals: { table: 'deals', key: 'contactId' }, activities: { table: 'activities', key: 'contactId' } },
  },
  deals: {
    fields: {
      id: refers(),
      title: text,
      value: { kind: 'number', values: ['-1', '0', '10', '10.5', '9007199254740993.1'] },
      status: enumeration('OPEN', 'WON', 'LOST'),
      expectedCloseDate: { kind: 'moment', values: ['2026-01-31', '2026-02-01', '2026-12-31'] },
      contactId: refers(),
      companyId: refers(),
      stageId: refers(),
      createdAt: moment,
    },
    one: {
      stage: { table: 'stages', key: 'stageId', evenDeleted: true },
      contact: { table: 'contacts', key: 'contactId' },
      company: { table: 'companies', key: 'companyId' },
      owner: { table: 'users', key: 'ownerId' },
    },
    many: { activities: { table: 'activities', key: 'dealId' } },
  },
  activities: {
    fields: {
      id: refers(),
      type: enumeration('NOTE', 'CALL', 'TASK', 'MEETING', 'EMAIL'),
      subject: text,
      isCompleted: flag,
      dueDate: moment,
      contactId: refers(),
      dealId: refers(),
      createdById: refers('userId'),
      createdAt: moment,
    },
    one: {
      createdBy: { table: 'users', key: 'userId' },
      owner: { table: 'users', key: 'ownerId' },
      contact: { table: 'contacts', key: 'contactId' },
      deal: { table: 'deals', key: 'dealId' },
    },
    many: {},
  },
  stages: {
    fields: {
      id: refers(),
      name: { kind: 'text', values: ['First', 'sec', 'Third'] },
      probability: { kind: 'number', values: [25, 50, 75] },
    },
    one: {},
    many: { deals: { table: 'deals', key: 'stageId' } },
  },
};

const ORDERED: Record<List, Order[]> = {
  users: [{ lastName: '' }],
  companies: [{ name: '' }, { createdAt: '' }, { owner: { lastName: '' } }, { industry: '' }],
  contacts: [
    { lastName: '' },
    { lastActivityAt: '' },
    { status: '' },
    { company: { name: '' } },
    { company: { owner: { lastName: '' } } },
  ],
  deals: [
    ...[{ value: '' }, { expectedCloseDate: '' }, { createdAt: '' }, { title: '' }, { company: { industry: '' } }],
    ...[{ owner: { lastName: '' } }, { contact: { company: { name: '' } } }, { stage: { probability: '' } }],
  ],
  activities: [
    { dueDate: '' },
    { createdAt: '' },
    { deal: { value: '' } },
    { contact: { lastName: '' } },
    { deal: { contact: { status: '' } } },
  ],
};

const SCHEMA_OPERATORS: Record<string, string[]> = {
  id: ['eq', 'ne', 'in', 'notIn', 'isNull'],
  text: ['eq', 'ne', 'in', 'notIn', 'contains', 'startsWith', 'isNull'],
  enum: ['eq', 'ne', 'in', 'notIn'],
  number: ['eq', 'ne', 'in', 'notIn', 'gt', 'gte', 'lt', 'lte', 'isNull'],
  moment: ['eq', 'ne', 'in', 'notIn', 'gt', 'gte', 'lt', 'lte', 'isNull'],
  boolean: ['eq'],
  tags: ['hasAny', 'hasAll', 'hasNone'],
};

/** The same dice every time: rows in which most filters find something and miss something. */
function dice(seed: number): <Item>(items: readonly Item[]) => Item {
  let state = seed;
  return (items) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return items[Math.floor((state / 2_147_483_648) * items.length)] as (typeof items)[number];
  };
}

const snake = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const columnsOf = (row: Row): Columns => Object.fromEntries(Object.entries(row).map(([field, value]) => [snake(field), value]));

/** Rows of one organization: nulls, ties, accents, deleted ones, everybody's and nobody's. */
function makeRows(org: Organization, ids: Record<string, string[]>, seed: number, harmless: boolean): Record<string, Row[]> {
  const pick = dice(seed);
  const value = (table: string, field: string): Value => pick(TABLES[table]?.fields[field]?.values ?? []);
  const maybe = (of: Value, odds = 4): Value => (pick([...Array(odds - 1).fill(true), false]) ? of : null);
  const owners = [org.users.MEMBER.id, org.users.MANAGER.id, ids['users']?.[0] ?? '', null];
  const base = (id: string): Row => ({
    id,
    deletedAt: harmless ? null : pick([null, null, null, MOMENTS[3] as string]),
    ownerId: harmless ? null : pick(owners),
    createdAt: pick(MOMENTS),
  });
  const to = (table: string): Value => maybe(pick(ids[table] ?? []));
  const rows: Record<string, Row[]> = {};
  rows['companies'] = (ids['companies'] ?? []).map((id) => ({ ...base(id), name: pick(NAMES), industry: maybe(pick(NAMES)) }));
  rows['contacts'] = (ids['contacts'] ?? []).map((id) => ({
    ...{ ...base(id), lastName: pick(NAMES), firstName: pick(NAMES), status: value('contacts', 'status') },
    ...{
      tags: pick([[], ['vip'], ['vip', 'Berlin'], ['ß', 'Berlin']]),
      companyId: to('companies'),
      lastActivityAt: maybe(pick(MOMENTS)),
    },
  }));
  rows['deals'] = (ids['deals'] ?? []).map((id) => {
    const status = value('deals', 'status');
    return {
      ...{
        ...base(id),
        title: pick(NAMES),
        value: maybe(value('deals', 'value')),
        status,
        closedAt: status === 'OPEN' ? null : (MOMENTS[0] as string),
      },
      ...{ expectedCloseDate: maybe(value('deals', 'expectedCloseDate')), contactId: to('contacts'), companyId: to('companies') },
      ...{ stageId: pick(org.stageIds), pipelineId: org.pipelineId, currency: 'EUR', position: 'a' },
    };
  });
  rows['activities'] = (ids['activities'] ?? []).map((id) => {
    const done = pick([true, false]);
    const [contactId, dealId] = [to('contacts'), to('deals')];
    return {
      ...{
        ...base(id),
        userId: pick(owners.slice(0, 3)) as string,
        type: value('activities', 'type'),
        subject: pick(NAMES),
        dueDate: maybe(pick(MOMENTS)),
      },
      ...{
        isCompleted: done,
        completedAt: done ? (MOMENTS[0] as string) : null,
        dealId,
        contactId: dealId ? contactId : (contactId ?? pick(ids['contacts'] ?? [])),
      },
    };
  });
  return rows;
}

/** @param deleted whether the user, who owns records, is gone. */
function makeUser(id: string, lastName: string, deleted: boolean): Row {
  return {
    id,
    lastName,
    firstName: 'x',
    role: 'VIEWER',
    isActive: false,
    email: `${randomUUID()}@x.example`,
    passwordHash: 'x',
    deletedAt: deleted ? (MOMENTS[3] as string) : null,
  };
}

/**
 * Takes the second wall down: reader views without their condition show every organization's rows, so that the application's
 * conditions have to do alone. Organizations stay as they are.
 */
async function takeWallDown(stage: Stage): Promise<void> {
  const owner = await connect(stage.database.ownerUrl);
  const { rows } = await owner.query<{ name: string; text: string; reader: string }>(
    `SELECT c.relname AS name, pg_get_viewdef(c.oid) AS text, c.relowner::regrole::text AS reader FROM pg_class AS c
     WHERE c.relkind = 'v' AND c.relnamespace = 'read'::regnamespace AND c.relname <> 'organizations'`,
  );
  await owner.query(`SET ROLE ${rows[0]?.reader ?? ''}`);
  for (const { name, text } of rows)
    await owner.query(`CREATE OR REPLACE VIEW read.${name} AS ${text.replace(/\s+WHERE[\s\S]*$/, '')}`);
  await owner.end();
}

// ————— What is asked

/** A duration that leads to the day of a moment; from a moment at noon, to half a day before it. */
function relative(value: Value): string {
  const from = Date.parse(String(value));
  if (String(value).includes('T12')) return `-PT${Math.round((Date.now() - from) / 3_600_000) + 12}H`;
  const days = Math.floor(Date.now() / 86_400_000) - Math.floor(from / 86_400_000);
  return `${days < 0 ? '' : '-'}P${Math.abs(days)}D`;
}

type Make = fc.Arbitrary<Filter>;

function conditions(model: Model, table: string): Make {
  const { fields } = TABLES[table] as Table;
  return fc.constantFrom(...Object.keys(fields)).chain((name) => {
    const field = fields[name] as Table['fields'][string];
    const referred = Object.values((TABLES[table] as Table).one).find(({ key }) => key === (field.of ?? name))?.table ?? table;
    const ids = (model.rows[referred] ?? []).map(({ id }) => id);
    const pool =
      { id: [...ids, 'no-uuid'], moment: [...field.values, ...field.values.map(relative)] }[field.kind as string] ?? field.values;
    const one = fc.constantFrom(...pool);
    const operand = (operator: string): fc.Arbitrary<unknown> => {
      if (operator === 'isNull') return fc.boolean();
      if (['in', 'notIn', 'hasAny', 'hasAll', 'hasNone'].includes(operator)) return fc.array(one, { maxLength: 3 });
      return operator === 'contains' || operator === 'startsWith' ? fc.constantFrom(...PARTS) : one;
    };
    const condition = fc
      .constantFrom(...(SCHEMA_OPERATORS[field.kind] ?? []))
      .chain((operator) => operand(operator).map((value) => ({ [operator]: value })));
    return fc
      .oneof({ weight: 9, arbitrary: condition }, { weight: 1, arbitrary: fc.constant({}) })
      .map((operators) => ({ [name]: operators }));
  });
}

function filters(model: Model, table: string, depth: number): Make {
  const leaf = conditions(model, table);
  if (depth === 0) return leaf;
  const { one, many } = TABLES[table] as Table;
  const deeper = fc.constant(null).chain(() => filters(model, table, depth - 1));
  const few = fc.array(deeper, { maxLength: 3 });
  const through = (names: string[], make: (name: string) => Make): { weight: number; arbitrary: Make }[] =>
    names.length > 0 ? [{ weight: 4, arbitrary: fc.constantFrom(...names).chain(make) }] : [];
  return fc.oneof(
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: few.map((and) => ({ and })) },
    { weight: 1, arbitrary: few.map((or) => ({ or })) },
    { weight: 2, arbitrary: deeper.map((not) => ({ not })) },
    { weight: 1, arbitrary: fc.constant({}) },
    ...through(Object.keys(one), (name) =>
      filters(model, one[name]?.table ?? '', depth - 1).map((filter) => ({ [name]: filter })),
    ),
    ...through(Object.keys(many), (name) =>
      fc
        .constantFrom('some', 'none', 'every')
        .chain((quantifier) =>
          filters(model, many[name]?.table ?? '', depth - 1).map((filter) => ({ [name]: { [quantifier]: filter } })),
        ),
    ),
  );
}

function directed(order: Order, sort: string): Order {
  return Object.fromEntries(
    Object.entries(order).map(([name, inner]) => [name, typeof inner === 'string' ? sort : directed(inner, sort)]),
  );
}

const orders = (list: List): fc.Arbitrary<Order[]> =>
  fc
    .uniqueArray(fc.constantFrom(...ORDERED[list]), { minLength: 1, maxLength: 3 })
    .chain((chosen) => fc.tuple(...chosen.map((order) => fc.constantFrom(...SORTS).map((sort) => directed(order, sort)))));

describe.each([
  ['as it is', true, 40],
  ['with the wall of the views taken down, and the neighbour’s records under the same ids', false, 160],
])('lists %s', (_, wall, numRuns) => {
  let stage: Stage;
  let org: Organization;
  let rows: Model['rows'];

  beforeAll(async () => {
    stage = await openStage();
    const { world } = stage;
    org = await world.organization();
    const neighbour = await world.organization();
    const ids = Object.fromEntries(
      Object.entries({ ...COUNTS, users: 1 }).map(([table, n]) => [table, Array.from({ length: n }, () => randomUUID())]),
    );
    const [gone = ''] = ids['users'] ?? [];
    rows = makeRows(org, ids, 7, false);
    // The neighbour has a record under each of our ids, open to everybody, and a user under the id of one who is gone here.
    for (const [home, made, deleted] of [
      [org, rows, true],
      [neighbour, makeRows(neighbour, ids, 11, true), false],
    ] as const) {
      await world.insert('users', [{ org_id: home.id, ...columnsOf(makeUser(gone, 'Müller', deleted)) }]);
      for (const table of Object.keys(COUNTS))
        await world.insert(
          table,
          (made[table] ?? []).map((row) => ({ org_id: home.id, ...columnsOf(row) })),
        );
    }
    rows['users'] = [
      makeUser(gone, 'Müller', true),
      ...ROLES.map((role) => ({ ...makeUser(org.users[role].id, 'Person', false), role, isActive: true })),
    ];
    rows['stages'] = org.stageIds.map((id, index) => {
      return { id, deletedAt: null, name: ['First', 'Second', 'Third'][index] ?? '', probability: 25 * (index + 1) };
    });
    if (!wall) await takeWallDown(stage);
  }, 30_000);
  afterAll(() => stage.close());

  interface Question {
    list: List;
    filter: Filter;
    orderBy: Order[];
    role: Role;
    deleted: 'WITH' | 'ONLY' | undefined;
  }

  const questions = (): fc.Arbitrary<Question> =>
    fc.constantFrom(...(Object.keys(TYPES) as List[])).chain((list) =>
      fc.record({
        list: fc.constant(list),
        filter: filters({ tables: TABLES, rows, onlyOf: null }, list, 3).filter((filter) => relationsIn(filter) <= 12),
        orderBy: orders(list),
        role: fc.constantFrom<Role>('MANAGER', 'MEMBER', 'MEMBER', 'VIEWER'),
        deleted: fc.constantFrom(undefined, undefined, 'WITH' as const, 'ONLY' as const),
      }),
    );

  /** All ids of a list by walking from page to page, and what `totalCount` says of it. */
  async function walk(
    { list, filter, orderBy, role, deleted }: Question,
    size: number,
    backward: boolean,
  ): Promise<{ ids: string[]; totals: number[] }> {
    const type = TYPES[list];
    const query = `query ($f: ${type}Filter, $o: [${type}Order!], $d: DeletedScope, $first: Int, $after: String, $last: Int, $before: String) {
      list: ${list}(filter: $f, orderBy: $o, includeDeleted: $d, first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
    const ids: string[] = [];
    const totals: number[] = [];
    for (let cursor: string | null = null; ;) {
      const window: object = backward ? { last: size, before: cursor } : { first: size, after: cursor };
      const { data, errors } = await stage.send(query, {
        token: stage.tokenOf(org, role),
        variables: { f: filter, o: orderBy, d: deleted, ...window },
      });
      if (errors) throw new Error(JSON.stringify(errors));
      const { nodes, totalCount, pageInfo } = data.list;
      ids.splice(backward ? 0 : ids.length, 0, ...nodes.map((node: { id: string }) => node.id));
      totals.push(totalCount);
      if (!(backward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) return { ids, totals };
      if (ids.length > 100) throw new Error('The pages never end.');
      cursor = backward ? pageInfo.startCursor : pageInfo.endCursor;
    }
  }

  test.each(['ORGANIZATION', 'OWNER'])(
    'are those of a plain model in memory, by any filter, order, page size and direction, where visibility is %s: no hop of a filter or order tells of another organization’s, a hidden or a deleted record',
    async (visibility) => {
      await stage.world.client.query(
        `UPDATE organizations SET settings = jsonb_build_object('visibility', $1::text) WHERE id = $2`,
        [visibility, org.id],
      );
      let found = 0;
      await fc.assert(
        fc.asyncProperty(questions(), fc.integer({ min: 5, max: 30 }), fc.boolean(), async (question, size, backward) => {
          const onlyOf = visibility === 'OWNER' && question.role !== 'MANAGER' ? org.users[question.role].id : null;
          const expected = idsOf(
            { tables: TABLES, rows, onlyOf },
            question.list,
            question.filter,
            question.orderBy,
            question.deleted,
          );
          const { ids, totals } = await walk(question, size, backward);
          expect(ids).toEqual(expected);
          expect(new Set(totals)).toEqual(new Set([expected.length]));
          found += expected.length;
        }),
        { numRuns, seed: 20_261_125 },
      );
      // The questions are worth something: they find rows.
      expect(found).toBeGreaterThan(numRuns);
    },
    60_000,
  );

  test('a reference to a hidden record is none, whoever else has a record of that id', async () => {
    await stage.world.client.query(
      `UPDATE organizations SET settings = jsonb_build_object('visibility', 'OWNER') WHERE id = $1`,
      [org.id],
    );
    const lists = ['contacts', 'deals', 'activities'] as const;
    const references = lists.flatMap((list) => Object.values(TABLES[list]?.one ?? {}).map((to) => ({ list, ...to })));
    let hidden = 0;
    for (const { list, table, key } of references) {
      if (!['companies', 'contacts', 'deals'].includes(table)) continue;
      const filter = { [key]: { in: (rows[table] ?? []).map(({ id }) => id) } };
      const of = (onlyOf: string | null): string[] =>
        idsOf({ tables: TABLES, rows, onlyOf }, list, filter, [{ createdAt: 'ASC' }]);
      const expected = of(org.users.MEMBER.id);
      const { ids } = await walk(
        { list, filter, orderBy: [{ createdAt: 'ASC' }], role: 'MEMBER', deleted: undefined },
        30,
        false,
      );
      expect([list, key, ids]).toEqual([list, key, expected]);
      hidden += of(null).length - expected.length;
    }
    expect(hidden).toBeGreaterThan(20);
  });
});

/** Relations that a filter walks, at all its levels. */
function relationsIn(filter: unknown): number {
  if (!filter || typeof filter !== 'object') return 0;
  const names = Object.values(TABLES).flatMap(({ one, many }) => [...Object.keys(one), ...Object.keys(many)]);
  return Object.entries(filter).reduce((sum, [name, inner]) => sum + (names.includes(name) ? 1 : 0) + relationsIn(inner), 0);
}
