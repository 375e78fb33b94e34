import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

const SORTS = ['ASC', 'DESC', 'ASC_NULLS_FIRST', 'ASC_NULLS_LAST', 'DESC_NULLS_FIRST', 'DESC_NULLS_LAST'] as const;
const TYPES = { contacts: 'Contact', companies: 'Company', deals: 'Deal' } as const;
type List = keyof typeof TYPES;
const LISTS = Object.keys(TYPES) as List[];

/** Fields of every entity: what their values are, and the slot that has a copy of them. */
const FIELDS = {
  note: {
    type: 'TEXT',
    name: 'text',
    slot: 'text_a',
    values: ['Müller', 'muller', 'MULLER', 'Straße', 'a"b\\c', '100%', 'x'.repeat(250)],
  },
  plain: { type: 'TEXT', name: 'text', slot: null, values: ['one', 'two'] },
  colour: { type: 'SELECT', name: 'select', slot: 'text_b', values: ['red', 'blue', 'green'] },
  budget: { type: 'NUMBER', name: 'number', slot: 'number_a', values: ['-1', '0', '10', '10.5', '9007199254740993.1'] },
  size: { type: 'NUMBER', name: 'number', slot: null, values: ['-0.5', '2', '10'] },
  born: { type: 'DATE', name: 'date', slot: 'date_a', values: ['0001-01-01', '2024-02-29', '2026-03-01', '9999-12-31'] },
  due: { type: 'DATE', name: 'date', slot: null, values: ['2024-02-29', '2026-03-01'] },
  colours: { type: 'MULTI_SELECT', name: 'options', slot: null, values: ['red', 'blue', 'green'] },
} as const;
type Key = keyof typeof FIELDS;
const KEYS = Object.keys(FIELDS) as Key[];
const SORTABLE = KEYS.filter((key) => FIELDS[key].slot);

type Value = string | string[] | null;
interface Row {
  id: string;
  values: Partial<Record<Key, Value>>;
  companyId: string | null;
}
type Filter = Record<string, unknown>;

let stage: Stage;
let org: Organization;
let neighbour: Organization;
const ids: Record<string, Record<Key, string>> = {};
const rows: Record<List, Row[]> = { contacts: [], companies: [], deals: [] };

beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
  // The neighbour's fields have the same keys and slots, and other values in them.
  neighbour = await stage.world.organization();
  for (const each of [neighbour, org]) await fill(each);
}, 30_000);
afterAll(() => stage.close());

/** Records with ties, nulls and values of every type; written as the writer does, copies included. */
async function fill(of: Organization): Promise<void> {
  let dice = of === org ? 7 : 11;
  const pick = <Item>(items: readonly Item[]): Item => {
    dice = (dice * 1_103_515_245 + 12_345) % 2_147_483_648;
    return items[Math.floor((dice / 2_147_483_648) * items.length)] as Item;
  };
  const companies: string[] = [];
  for (const list of ['companies', 'contacts', 'deals'] as const) {
    const entity = TYPES[list].toUpperCase();
    const keys = Object.fromEntries(KEYS.map((key) => [key, randomUUID()])) as Record<Key, string>;
    if (of === org) ids[list] = keys;
    const options = ['red', 'blue', 'green'].map((value) => ({ value, label: value }));
    for (const key of KEYS) {
      const { type, slot } = FIELDS[key];
      await stage.world.customField(of, {
        ...{ id: keys[key], entity, key, type, slot, is_sortable: slot !== null },
        ...{ options: type.endsWith('SELECT') ? options : [] },
      });
    }
    const made = Array.from({ length: 30 }, (): Row => {
      const values = KEYS.flatMap((key): [Key, Value][] => {
        if (pick([true, true, true, false]) === false) return [];
        const { values: pool, type } = FIELDS[key];
        return [[key, type === 'MULTI_SELECT' ? pick([['red'], ['red', 'blue'], ['green', 'red']]) : pick<string>(pool)]];
      });
      const companyId = list === 'companies' ? null : pick([null, ...companies]);
      return { id: randomUUID(), values: Object.fromEntries(values), companyId };
    });
    if (of === org) rows[list] = made;
    if (list === 'companies') companies.push(...made.map(({ id }) => id));
    const named = { contacts: 'last_name', companies: 'name', deals: 'title' }[list];
    const place = { pipeline_id: of.pipelineId, stage_id: of.stageIds[0], currency: 'EUR', position: 'a' };
    await stage.world.insert(
      list,
      made.map(({ id, values, companyId }) => ({
        ...{ org_id: of.id, id, [named]: 'X', ...(list === 'contacts' && { first_name: 'Y' }), ...(list === 'deals' && place) },
        ...(list !== 'companies' && { company_id: companyId }),
        custom_fields: Object.fromEntries(Object.entries(values).map(([key, value]) => [keys[key as Key], value])),
        ...Object.fromEntries(SORTABLE.map((key) => [`custom_${FIELDS[key].slot}`, copyOf(values[key])])),
      })),
    );
  }
}

function copyOf(value: Value | undefined): string | null {
  return typeof value === 'string' ? [...value].slice(0, 200).join('') : null;
}

const ask = (query: string, variables: object = {}, role: 'MANAGER' | 'ADMIN' = 'MANAGER'): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables: variables as Record<string, unknown> });

/** All ids of a list by walking from page to page, and what it says it has. */
async function walk(
  list: List,
  filter: Filter,
  orderBy: object[],
  size: number,
  backward: boolean,
): Promise<{ ids: string[]; totals: number[] }> {
  const query = `query ($f: ${TYPES[list]}Filter, $o: [${TYPES[list]}Order!], $first: Int, $after: String, $last: Int, $before: String) {
    list: ${list}(filter: $f, orderBy: $o, first: $first, after: $after, last: $last, before: $before) {
      totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
  const found: string[] = [];
  const totals: number[] = [];
  for (let cursor: string | null = null; found.length <= 30;) {
    const { data, errors } = await ask(query, {
      f: filter,
      o: orderBy,
      ...(backward ? { last: size, before: cursor } : { first: size, after: cursor }),
    });
    if (errors) throw new Error(JSON.stringify(errors));
    const { nodes, totalCount, pageInfo } = data.list;
    found.splice(backward ? 0 : found.length, 0, ...nodes.map(({ id }: Row) => id));
    totals.push(totalCount);
    if (!(backward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) return { ids: found, totals };
    cursor = backward ? pageInfo.startCursor : pageInfo.endCursor;
  }
  throw new Error('The pages never end.');
}

// ————— The same, told without SQL

const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('ß', 'ss').toLowerCase();
const collator = new Intl.Collator('en');
const rank = (key: Key, value: string): string | number => (FIELDS[key].type === 'NUMBER' ? Number(value) : value);

function holds(key: Key, value: Value, operator: string, operand: unknown): boolean {
  const list = [value ?? []].flat();
  const wanted = [operand].flat().map((item) => rank(key, String(item)));
  const isWanted = (item: string): boolean => wanted.includes(rank(key, item));
  switch (operator) {
    case 'isNull':
      return (value === null) === operand;
    case 'eq':
    case 'in':
    case 'hasAny':
      return list.some(isWanted);
    case 'ne':
    case 'notIn':
    case 'hasNone':
      return !list.some(isWanted);
    case 'hasAll':
      return wanted.every((item) => list.includes(String(item)));
    case 'contains':
      return list.some((item) => folded(item).includes(folded(String(operand))));
    case 'startsWith':
      return list.some((item) => folded(item).startsWith(folded(String(operand))));
    default: {
      const [given, than] = [list[0] === undefined ? null : rank(key, list[0]), wanted[0] as string | number];
      if (given === null) return false;
      return { gt: given > than, gte: given >= than, lt: given < than, lte: given <= than }[operator] ?? false;
    }
  }
}

type Condition = { key: Key; operators: Record<string, unknown> };

const fits = (row: Row, conditions: Condition[]): boolean =>
  conditions.every(({ key, operators }) =>
    Object.entries(operators).every(([operator, operand]) => holds(key, row.values[key] ?? null, operator, operand)),
  );

const asFilter = (conditions: Condition[]): Filter => ({
  customFields: conditions.map(({ key, operators }) => ({ key, [FIELDS[key].name]: operators })),
});

type Term = { key: Key; direction: string; through: boolean };

function inOrder(terms: Term[]): (a: Row, b: Row) => number {
  const valueOf = ({ key, through }: Term, row: Row): string | null => {
    const from = through ? rows.companies.find(({ id }) => id === row.companyId) : row;
    return copyOf(from?.values[key]);
  };
  return (a, b) => {
    for (const term of terms) {
      const [x, y] = [valueOf(term, a), valueOf(term, b)];
      if (x === null && y === null) continue;
      if (x === null || y === null) return (x === null) === term.direction.endsWith('NULLS_FIRST') ? -1 : 1;
      const [p, q] = [rank(term.key, x), rank(term.key, y)];
      const difference = typeof p === 'string' ? compareTexts(term.key, p, String(q)) : p - Number(q);
      if (difference !== 0) return term.direction.startsWith('DESC') ? -difference : difference;
    }
    return (a.id < b.id ? -1 : 1) * (terms[0]?.direction.startsWith('DESC') ? -1 : 1);
  };
}

function compareTexts(key: Key, p: string, q: string): number {
  if (FIELDS[key].type === 'DATE') return p < q ? -1 : p > q ? 1 : 0;
  return collator.compare(p, q);
}

// ————— What is asked

const OPERATORS: Record<string, string[]> = {
  text: ['eq', 'ne', 'in', 'notIn', 'contains', 'startsWith', 'isNull'],
  select: ['eq', 'ne', 'in', 'notIn', 'isNull'],
  number: ['eq', 'ne', 'in', 'notIn', 'gt', 'gte', 'lt', 'lte', 'isNull'],
  date: ['eq', 'ne', 'in', 'notIn', 'gt', 'gte', 'lt', 'lte', 'isNull'],
  options: ['hasAny', 'hasAll', 'hasNone', 'isNull'],
};

const conditions: fc.Arbitrary<Condition> = fc.constantFrom(...KEYS).chain((key) => {
  const { name, values } = FIELDS[key];
  const one = fc.constantFrom<string>(...values, ...(name === 'number' ? ['10.50', '-0'] : []));
  const operand = (operator: string): fc.Arbitrary<unknown> => {
    if (operator === 'isNull') return fc.boolean();
    if (/in$|^has/i.test(operator) && operator !== 'contains') return fc.array(one, { maxLength: 3 });
    return operator === 'contains' || operator === 'startsWith' ? fc.constantFrom('m', 'MÜLL', 'strass', '%', '"', '', 'x') : one;
  };
  const operators = fc
    .constantFrom(...(OPERATORS[name] ?? []))
    .chain((operator) => operand(operator).map((value) => ({ [operator]: value })));
  return operators.map((chosen) => ({ key, operators: chosen }));
});

const terms = (list: List): fc.Arbitrary<Term[]> =>
  fc.uniqueArray(
    fc.record({
      key: fc.constantFrom(...SORTABLE),
      direction: fc.constantFrom(...SORTS),
      through: list === 'companies' ? fc.constant(false) : fc.constantFrom(false, false, true),
    }),
    { minLength: 1, maxLength: 3, selector: ({ key, through }) => `${key} ${through}` },
  );

test('lists are those of a plain model, by any filter and order of custom fields, page by page, through relations too', async () => {
  const question = fc.constantFrom(...LISTS).chain((list) =>
    fc.record({
      list: fc.constant(list),
      own: fc.array(conditions, { maxLength: 2 }),
      not: fc.option(conditions, { nil: null }),
      theirs: list === 'companies' ? fc.constant(null) : fc.option(conditions, { nil: null }),
      orderBy: terms(list),
      size: fc.integer({ min: 4, max: 30 }),
      backward: fc.boolean(),
    }),
  );
  let found = 0;
  await fc.assert(
    fc.asyncProperty(question, async ({ list, own, not, theirs, orderBy, size, backward }) => {
      const filter = {
        ...asFilter(own),
        ...(not && { not: asFilter([not]) }),
        ...(theirs && { company: asFilter([theirs]) }),
      };
      const company = (row: Row): Row | undefined => rows.companies.find(({ id }) => id === row.companyId);
      const expected = rows[list]
        .filter((row) => fits(row, own) && !(not && fits(row, [not])))
        .filter((row) => !theirs || (company(row) !== undefined && fits(company(row) as Row, [theirs])))
        .sort(inOrder(orderBy))
        .map(({ id }) => id);
      const order = orderBy.map(({ key, direction, through }) => {
        const term = { customFields: { key, direction } };
        return through ? { company: term } : term;
      });
      const { ids: walked, totals } = await walk(list, filter, order, size, backward);
      expect(walked).toEqual(expected);
      expect(new Set(totals)).toEqual(new Set([expected.length]));
      found += expected.length;
    }),
    { numRuns: 120, seed: 20_261_125 },
  );
  expect(found).toBeGreaterThan(300);
}, 60_000);

test('a nested list is filtered, ordered and paged by custom fields, for each parent', async () => {
  const query = `query ($after: String) { companies(first: 100) { nodes { id deals(first: 2, after: $after, filter: { customFields: [{ key: "budget", number: { isNull: false } }] },
    orderBy: [{ customFields: { key: "budget", direction: DESC } }]) { totalCount nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } } } } }`;
  const { data, errors } = await ask(query);
  expect(errors).toBeUndefined();
  const order = inOrder([{ key: 'budget', direction: 'DESC', through: false }]);
  for (const { id, deals } of data.companies.nodes) {
    const all = rows.deals.filter((row) => row.companyId === id && (row.values.budget ?? null) !== null).sort(order);
    expect(deals).toMatchObject({ totalCount: all.length, nodes: all.slice(0, 2).map((row) => ({ id: row.id })) });
    if (!deals.pageInfo.hasNextPage) continue;
    const next = await ask(query.replace('companies(first: 100)', `companies(filter: { id: { eq: "${id}" } })`), {
      after: deals.pageInfo.endCursor,
    });
    expect(next.data.companies.nodes[0].deals.nodes).toEqual(all.slice(2, 4).map((row) => ({ id: row.id })));
  }
});

test('aggregates, totals and reports take the same filters', async () => {
  const filter = { customFields: [{ key: 'colour', select: { in: ['red', 'blue'] } }] };
  const period = 'from: "2000-01-01", to: "2999-12-31"';
  const { data, errors } = await ask(
    `query ($f: DealFilter, $id: ID!) {
      dealAggregates(filter: $f) { count } deals(filter: $f) { aggregates { count } totals { count } }
      forecast(filter: $f) { openCount } leaderboard(filter: $f, ${period}) { wonCount } velocity(filter: $f, ${period}) { wonCount }
      conversion(filter: $f, pipelineId: $id, ${period}) { created } }`,
    { f: filter, id: org.pipelineId },
  );
  expect(errors).toBeUndefined();
  const count = rows.deals.filter((row) => ['red', 'blue'].includes(String(row.values.colour))).length;
  expect(data).toMatchObject({
    dealAggregates: [{ count }],
    deals: { aggregates: [{ count }], totals: [{ count }] },
    forecast: [{ openCount: count }],
  });
});

test('relative dates count from today', async () => {
  const { data } = await ask(
    '{ contacts(filter: { customFields: [{ key: "born", date: { gt: "P1D" } }, { key: "due", date: { lt: "P0D" } }] }) { totalCount } }',
  );
  const today = new Date().toISOString().slice(0, 10);
  const expected = rows.contacts.filter(
    ({ values }) => String(values.born ?? '') > today && values.due && String(values.due) < today,
  );
  expect(data.contacts.totalCount).toBe(expected.length);
});

test.each([
  [
    'an unknown key',
    { filter: { customFields: [{ key: 'nonsense', text: { eq: 'x' } }] } },
    ['filter', 'customFields', 0, 'key'],
    'UNKNOWN',
  ],
  [
    'a condition of another type',
    {
      filter: {
        customFields: [
          { key: 'note', text: {} },
          { key: 'budget', text: { eq: 'x' } },
        ],
      },
    },
    ['filter', 'customFields', 1, 'text'],
    'INVALID',
  ],
  [
    'null',
    { filter: { customFields: [{ key: 'budget', number: null }] } },
    ['filter', 'customFields', 0, 'number'],
    'NULL_OPERAND',
  ],
  [
    'a null operand',
    { filter: { not: { customFields: [{ key: 'budget', number: { gt: null } }] } } },
    ['filter', 'not', 'customFields', 0, 'number', 'gt'],
    'NULL_OPERAND',
  ],
  [
    'an unknown key behind a relation',
    { filter: { company: { customFields: [{ key: 'x' }] } } },
    ['filter', 'company', 'customFields', 0, 'key'],
    'UNKNOWN',
  ],
  [
    'an order by an unknown key',
    { orderBy: [{ customFields: { key: 'nonsense', direction: 'ASC' } }] },
    ['orderBy', 0, 'customFields', 'key'],
    'UNKNOWN',
  ],
  [
    'an order by a field that is not sortable',
    { orderBy: [{ customFields: { key: 'size', direction: 'ASC' } }] },
    ['orderBy', 0, 'customFields', 'key'],
    'NOT_SORTABLE',
  ],
  [
    'an order by several options',
    { orderBy: [{ customFields: { key: 'colours', direction: 'ASC' } }] },
    ['orderBy', 0, 'customFields', 'key'],
    'NOT_SORTABLE',
  ],
])('%s is INVALID_INPUT with the path', async (_, variables, path, code) => {
  const { errors } = await ask(
    'query ($filter: ContactFilter, $orderBy: [ContactOrder!]) { contacts(filter: $filter, orderBy: $orderBy) { nodes { id } } }',
    variables,
  );
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ path, code }] });
});

test('a field that was deleted is none, and a slot that changed hands leads nobody astray', async () => {
  const made = await ask(
    'mutation { createCustomField(input: { entity: COMPANY, key: "rank", type: NUMBER, label: "Rank", isSortable: true }) { customField { id } } }',
    {},
    'ADMIN',
  );
  const { id } = made.data.createCustomField.customField;
  for (const [name, rank] of [
    ['A', '2'],
    ['B', '1'],
  ] as const)
    await ask('mutation ($i: CreateCompanyInput!) { createCompany(input: $i) { company { id } } }', {
      i: { name: `Ranked ${name}`, customFields: { rank } },
    });
  const query =
    '{ companies(first: 1, filter: { name: { startsWith: "ranked" } }, orderBy: [{ customFields: { key: "rank", direction: ASC } }]';
  const first = (await ask(`${query}) { nodes { name } pageInfo { endCursor } } }`)).data.companies;
  expect(first.nodes).toEqual([{ name: 'Ranked B' }]);
  const next = `${query}, after: "${first.pageInfo.endCursor}") { nodes { name } } }`;
  expect((await ask(next)).data.companies.nodes).toEqual([{ name: 'Ranked A' }]);
  await ask('mutation ($id: ID!) { deleteCustomField(id: $id) { customField { id } } }', { id }, 'ADMIN');
  expect((await ask(next)).errors?.[0]?.extensions.fields?.[0]).toMatchObject({ code: 'UNKNOWN' });
  // Another field takes key and slot: the cursor was for the one before.
  await ask(
    'mutation { createCustomField(input: { entity: COMPANY, key: "rank", type: NUMBER, label: "Rank", isSortable: true }) { customField { id } } }',
    {},
    'ADMIN',
  );
  expect((await ask(next)).errors?.[0]?.extensions.fields?.[0]).toMatchObject({ code: 'BAD_CURSOR' });
  expect(
    (await ask(`${query}, filter: {}) { totalCount } }`.replace('filter: { name: { startsWith: "ranked" } }, ', ''))).data
      .companies.totalCount,
  ).toBe(32);
});

test('two organizations whose fields have the same keys each get their own answer to the same question', async () => {
  const query =
    '{ contacts(first: 100, filter: { customFields: [{ key: "colour", select: { eq: "red" } }] }, orderBy: [{ customFields: { key: "budget", direction: ASC } }]) { nodes { id } } }';
  for (const each of [org, neighbour, org, neighbour]) {
    const { rows: expected } = await stage.world.client.query<{ id: string }>(
      `SELECT id FROM contacts WHERE org_id = $1 AND custom_text_b = 'red' ORDER BY custom_number_a, id`,
      [each.id],
    );
    const { data } = await stage.send(query, { token: stage.tokenOf(each, 'MANAGER') });
    expect(data.contacts.nodes).toEqual(expected);
  }
});

test('what is read of definitions is one statement a request, and none where no custom field is named', async () => {
  stage.statements();
  await ask('{ contacts(first: 3, filter: { lastName: { eq: "X" } }) { nodes { id deals { nodes { id } } } } }');
  const without = stage.statements().length;
  await ask(`{ contacts(first: 3, filter: { customFields: [{ key: "note", text: { isNull: false } }] }) { nodes { id
    deals(filter: { customFields: [{ key: "born", date: { isNull: false } }] }) { nodes { id } } } } }`);
  expect(stage.statements()).toHaveLength(without + 1);
});
