import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLObjectType,
} from 'graphql';
import { pino } from 'pino';
import { ROLES, type Role } from '../src/caller.js';
import { buildSchema } from '../src/graphql/schema.js';
import { SCOPES } from '../src/scopes.js';
import { checkBudgets } from './support/budget.js';
import { comparison } from './support/compare.js';
import { openStage, PASSWORD, type Answer, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import type { Organization } from './support/world.js';

/** The same seed asks the same questions (but for the ids, which the answers before brought). */
const SEED = 20_261_122;
/** Fewer where the same questions have been asked of another PostgreSQL already. */
const FUZZ_RUNS = Number(process.env['PULSE_FUZZ_RUNS'] ?? 10_000);
/** With fewer, chance leaves fields out. */
const ENOUGH_FOR_EVERY_FIELD = 10_000;
const AT_ONCE = 8;
/** Between batches the neighbour looks whether all is as it was. */
const BATCH = 500;

const schema = buildSchema(ROOT);
const errorCodes = new Set((schema.getType('ErrorCode') as GraphQLEnumType).getValues().map((value) => value.name));
const queryType = schema.getQueryType() as GraphQLObjectType;
const mutationType = schema.getMutationType() as GraphQLObjectType;
/** They would end the sessions that all other operations use, or their roles; test/sessions.test.ts and test/users.test.ts try them. */
const ENDING = [
  'logout',
  'logoutEverywhere',
  'revokeSession',
  'changeRole',
  'deactivateUser',
  'transferOwnership',
  'changePassword',
];

type Field = GraphQLField<unknown, unknown>;

/** What an operation is about: a field, and the fields with an id on the way to it. */
interface Target {
  name: string;
  field: Field;
  route: { field: Field; ofType: string }[];
}

/** Pseudo-random choices (mulberry32), the same for the same seed. */
interface Dice {
  chance(probability: number): boolean;
  below(end: number): number;
  pick<Item>(items: readonly Item[]): Item;
  uuid(): string;
}

/** One operation in the making. */
interface Draft extends Dice {
  /** How often a value is not what its place asks for. */
  wildness: number;
  variables: Record<string, unknown>;
  declared: string[];
  inVariables: number;
}

interface Operation {
  index: number;
  target: Target;
  role: Role | null;
  query: string;
  variables: Record<string, unknown>;
  /** Arguments of the target, for turning its page. */
  args: Record<string, unknown>;
}

/** What answers have brought so far. */
interface Known {
  ids: Map<string, string[]>;
  foreignIds: string[];
  cursors: string[];
  pages: Map<string, Record<string, unknown>[]>;
  emails: string[];
  /** Few, so that they meet again: keys, and ids that clients make. */
  keys: string[];
  ownIds: string[];
}

/** What a fuzz run saw. */
interface Tally {
  faults: Map<string, { times: number; operations: string[] }>;
  codes: Map<string, number>;
  outcomes: Map<string, { succeeded: number; sent: number }>;
}

const HOSTILE_TEXTS = [
  ...['', ' ', '\t\r\n', '\u0000', 'a\u0000b', '\u0001\u0007\u001b[31m', '\ud800', 'x\udc00y', '\ufeff', '\u00a0', '\u200b'],
  ...[
    '😀👩‍👩‍👧‍👦',
    '\u202eevil\u202c',
    '\u200fabc',
    'İıſßẞ',
    'ΟΔΟΣ',
    'οδοσ',
    'e\u0301',
    '\uffff',
    'x'.repeat(10_000),
    '😀'.repeat(150),
  ],
  ...[
    "Robert'); DROP TABLE deals;--",
    "' OR '1'='1",
    '"; --',
    '$1',
    '%',
    '_',
    '\\',
    '%\\_%',
    "\\'",
    '{{7*7}}',
    '${7*7}',
    '=cmd()',
  ],
  ...["=cmd|' /C calc'!A0", '@SUM(1)', '__proto__', 'constructor', 'null', 'NaN', '-1', '1e5', '../../etc/passwd', '<script>'],
];
/** Equal or not, depending on who compares them without case: JavaScript and PostgreSQL differ. */
const CASELESS = ['ΟΔΟΣ', 'οδοσ', 'οδος', 'İ', 'i\u0307', 'ẞ', 'ß', '\u212a', 'k', 'Ǆ', 'ǅ'];
const HOSTILE_INTS = [
  0,
  -1,
  1,
  100,
  101,
  2_147_483_647,
  -2_147_483_648,
  2_147_483_648,
  -2_147_483_649,
  1e15,
  1.5,
  1e300,
  '7',
  true,
];
const HOSTILE_DECIMALS = [
  'NaN',
  '1e5',
  'Infinity',
  '-0',
  '007',
  '.5',
  '5.',
  '1.23456',
  '9'.repeat(21),
  '9'.repeat(400),
  '1,5',
  '',
  5,
  1.5,
];
const HOSTILE_MOMENTS = [
  '0000-01-01T00:00:00Z',
  '10000-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-01-01',
  '0001-01-01T00:00:00+14:00',
];
const HOSTILE_DATES = [
  '0000-01-01',
  '10000-01-01',
  '2026-02-30',
  '2025-02-29',
  '2026-13-01',
  '-0001-01-01',
  '26-1-1',
  '',
  20_260_101,
];

const HOSTILE_DURATIONS = [
  'P',
  '-P',
  'PT',
  'P1',
  'P1.5D',
  'P-1D',
  '--P1D',
  'P1000Y',
  'P1D1Y',
  'P1H',
  '1 day',
  'P1D; DROP TABLE deals',
];

/** What each scalar takes, edges included. */
const FITTING: Record<string, readonly unknown[]> = {
  DateTime: [
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
    '2026-03-01T09:30:00.5+05:30',
    '1969-12-31T23:59:59Z',
    '2026-06-01T00:00:00Z',
  ],
  LocalDate: ['0001-01-01', '9999-12-31', '2024-02-29', '2026-01-31'],
  DateTimeOrDuration: ['2026-06-01T00:00:00Z', '-P2W', 'P0D', '+P999Y9999M9999W99999D', '-P999Y9999M9999W99999D', '-PT999999H'],
  LocalDateOrDuration: ['0001-01-01', '9999-12-31', 'P0D', '-P999Y9999M9999W99999D', 'P999Y'],
  Decimal: ['0', '-0', '1', '12.50', '007', '-3', '99999999999999999999', '99999999999999999999.99', '1000'],
  Rate: ['1', '0.5', '1.0825', '0.000000000001', '999999999999.999999999999', '007.10'],
  CurrencyCode: ['EUR', 'USD', 'JPY', 'KWD', 'CLF'],
  JSON: [{}, { k1: 'text' }, { k2: '5', k3: null }, { k4: '2026-01-31', k5: ['value 1'] }],
  Boolean: [true, false],
  TimeZone: ['Europe/Berlin', 'UTC', 'America/Argentina/Buenos_Aires', 'Etc/GMT+12'],
};
const HOSTILE: Record<string, readonly unknown[]> = {
  DateTime: [...HOSTILE_MOMENTS, ...HOSTILE_DATES],
  LocalDate: [...HOSTILE_DATES, ...HOSTILE_MOMENTS],
  DateTimeOrDuration: [...HOSTILE_MOMENTS, ...HOSTILE_DURATIONS],
  LocalDateOrDuration: [...HOSTILE_DATES, ...HOSTILE_DURATIONS, '-PT1H'],
  Decimal: [...HOSTILE_DECIMALS, '99999999999999999999.9999'],
  Rate: [...HOSTILE_DECIMALS, '0', '0.0', '1.1234567890123'],
  CurrencyCode: ['eur', 'XXX', 'EURO', 'E\u0000R', '', 'ZZZ', '€'],
  Boolean: ['true', 0, null],
  JSON: [[], 'x', 5, { k1: { k2: 'deep' } }, { k1: 'a\u0000b', k2: '\ud800' }, { constructor: 1 }, { k1: [[]], k3: 1e300 }],
  TimeZone: ['+01:00', 'Mars/Olympus', '', 'Europe/Berlin\u0000', 'x'.repeat(1_000), 1],
  Int: HOSTILE_INTS,
  String: HOSTILE_TEXTS,
};
const MISFITS: readonly unknown[] = [[], {}, [null], { in: [{}] }, 'x', 7, -1.5, false, null, [['deep']]];

let stage: Stage;
let org: Organization;
let neighbour: Organization;
const serverLog: string[] = [];
/** Each query is executed by plans and by graphql-js, which have to agree. */
const both = comparison();

beforeAll(async () => {
  const log = pino({ level: 'warn' }, { write: (line) => void serverLog.push(line) });
  stage = await openStage({ poolSize: 10, log, observe: () => undefined, executor: both.executor });
  org = await stage.world.organization();
  neighbour = await stage.world.organization();
}, 60_000);
afterAll(() => stage.close());

test('fuzzed inputs (10,000, unless told otherwise, from the schema): no INTERNAL, no 5xx, no leak, and all invariants hold', async () => {
  const known = await furnish();
  const tally: Tally = { faults: new Map(), codes: new Map(), outcomes: new Map() };
  const before = { contents: await contentsOf(neighbour), view: await viewOfNeighbour() };
  const targets = allTargets();
  for (let start = 0; start < FUZZ_RUNS; start += BATCH) {
    await inParallel(start, Math.min(start + BATCH, FUZZ_RUNS), (index) => fuzz(index, targets, known, tally));
    expect(await viewOfNeighbour()).toBe(before.view);
  }
  expect(Object.fromEntries(tally.faults)).toEqual({});
  expect(serverLog).toEqual([]);
  expect(both.differences.slice(0, 3)).toEqual([]);
  checkBudgets(both.overruns);
  expect(both.compared).toBeGreaterThan(FUZZ_RUNS / 5);
  expect(await contentsOf(neighbour)).toEqual(before.contents);
  await checkInvariants();
  if (FUZZ_RUNS >= ENOUGH_FOR_EVERY_FIELD) checkReach(tally, targets);
}, 600_000);

// ————— What is asked

async function furnish(): Promise<Known> {
  const ids = new Map<string, string[]>([
    ['Pipeline', [org.pipelineId]],
    ['Stage', [...org.stageIds]],
    ['User', ROLES.map((role) => org.users[role].id)],
    ['Organization', [org.id]],
  ]);
  for (const home of [org, neighbour]) {
    const made = await makeRecords(home);
    if (home === org) for (const [type, list] of Object.entries(made)) ids.set(type, list);
  }
  const { rows } = await stage.world.client.query<{ id: string }>(
    `SELECT id FROM deals WHERE org_id = $1 UNION ALL SELECT id FROM contacts WHERE org_id = $1 UNION ALL SELECT id FROM companies WHERE org_id = $1
     UNION ALL SELECT id FROM activities WHERE org_id = $1`,
    [neighbour.id],
  );
  const others = Object.values(neighbour.users).map((user) => user.id);
  const draw = dice(SEED);
  return {
    ids,
    foreignIds: [...rows.map((row) => row.id), ...others, neighbour.id, neighbour.pipelineId, ...neighbour.stageIds],
    cursors: [],
    pages: new Map(),
    emails: ROLES.map((role) => org.users[role].email),
    keys: Array.from({ length: 40 }, (_, n) => `key ${n}`),
    ownIds: Array.from({ length: 40 }, () => draw.uuid()),
  };
}

async function makeRecords(home: Organization): Promise<Record<string, string[]>> {
  const { world } = stage;
  const made: Record<string, string[]> = { Company: [], Contact: [], Deal: [], Activity: [] };
  const purposes: string[] = [];
  for (let n = 0; n < 10; n += 1) {
    const company = await world.company(home, { name: `Company ${n}` });
    const contact = await world.contact(home, { company_id: company, email: `${n}@example.com`, tags: ['hot'] });
    const deal = await world.deal(home, { contact_id: contact, stage_id: home.stageIds[n % 3], value: n });
    const created = { created_at: '2026-01-01T00:00:00Z' };
    const activity = await world.activity(home, { contact_id: contact, deal_id: deal, ...created });
    for (const [table, id] of [
      ['deals', deal],
      ['contacts', contact],
    ])
      await world.client.query(`UPDATE ${table} SET last_activity_at = $1 WHERE id = $2`, [created.created_at, id]);
    purposes.push(await world.consentPurpose(home, { key: `k${n}` }));
    [company, contact, deal, activity].forEach((id, index) => Object.values(made)[index]?.push(id));
  }
  return { ...made, ConsentPurpose: purposes };
}

/** Every root field, and every connection inside a type that a root field leads to. */
function allTargets(): Target[] {
  const root = (type: GraphQLObjectType): Target[] =>
    Object.values(type.getFields())
      .filter((field) => !ENDING.includes(field.name))
      .map((field) => ({ name: `${type.name}.${field.name}`, field, route: [] }));
  const nested = Object.values(schema.getTypeMap()).flatMap((type) => {
    const route = isObjectType(type) ? routeTo(type) : null;
    if (!route || !isObjectType(type)) return [];
    const connections = Object.values(type.getFields()).filter(isConnection);
    return connections.map((field): Target => ({ name: `${type.name}.${field.name}`, field, route }));
  });
  return [...root(queryType), ...root(mutationType), ...nested];
}

function routeTo(type: GraphQLObjectType): Target['route'] | null {
  const singles = Object.values(queryType.getFields()).filter((field) => !isConnection(field));
  const direct = singles.find((field) => getNamedType(field.type) === type);
  if (direct) return [{ field: direct, ofType: type.name }];
  for (const single of singles) {
    const between = getNamedType(single.type) as GraphQLObjectType;
    const step = Object.values(between.getFields()).find((field) => getNamedType(field.type) === type && field.args.length === 0);
    if (step) return [...(routeTo(between) ?? []), { field: step, ofType: type.name }];
  }
  return null;
}

function isConnection(field: Field): boolean {
  return getNamedType(field.type).name.endsWith('Connection');
}

function draftOperation(index: number, targets: Target[], known: Known): Operation {
  const draw = dice(SEED + index);
  // Whatever the number of mutations there are, so many of the operations are queries: those are executed in two ways.
  const wantsMutation = draw.chance(0.65);
  const target = draw.pick(targets.filter(({ name }) => isMutation(name) === wantsMutation));
  const draft: Draft = {
    ...draw,
    wildness: draw.pick([0, 0, 0, 0.01, 0.03, 0.1, 0.3, 0.7]),
    variables: {},
    declared: [],
    inVariables: draw.pick([0, 0.15, 0.6]),
  };
  const args = argumentsOf(target.field, ownerOf(target), draft, known);
  const page = known.pages.get(target.name);
  if (page && draft.chance(0.2)) Object.assign(args, { first: 3, last: undefined, before: undefined }, draft.pick(page));
  const kind = isMutation(target.name) ? 'mutation' : 'query';
  const inner = `${target.field.name}${printArguments(target.field.args, args, draft)}${directive(kind, draft, known)}${selection(target.field, 2, draft, known)}`;
  const query = target.route.reduceRight((text, { field, ofType }) => {
    const id = field.args.some((arg) => arg.name === 'id') ? `(id: ${JSON.stringify(anId(ofType, draft, known))})` : '';
    return `${field.name}${id} { ${text} }`;
  }, inner);
  const declared = draft.declared.length > 0 ? `(${draft.declared.join(', ')})` : '';
  return { index, target, role: roleFor(draft), query: `${kind} Fuzz${declared} { ${query} }`, variables: draft.variables, args };
}

function isMutation(name: string): boolean {
  return name.startsWith('Mutation.');
}

/** The type whose id the argument `id` of a field is. */
function ownerOf({ field }: Target): string {
  const named = getNamedType(field.type) as GraphQLObjectType;
  if (!named.name.endsWith('Payload')) return named.name.replace(/Connection$/, '');
  return getNamedType(Object.values(named.getFields())[0]?.type as Field['type']).name;
}

function roleFor(draft: Draft): Role | null {
  if (draft.chance(0.02)) return null;
  return draft.chance(0.6) ? draft.pick(['OWNER', 'ADMIN', 'MANAGER'] as const) : draft.pick(ROLES);
}

function directive(kind: string, draft: Draft, known: Known): string {
  if (kind === 'query' || !draft.chance(0.2)) return '';
  const key = draft.chance(0.1 + draft.wildness)
    ? draft.pick(HOSTILE_TEXTS)
    : draft.chance(0.4)
      ? draft.pick(known.keys)
      : draft.uuid();
  return ` @idempotent(key: ${draft.chance(0.5) ? asVariable(key, 'String!', draft) : JSON.stringify(key)})`;
}

function argumentsOf(field: Field, owner: string, draft: Draft, known: Known): Record<string, unknown> {
  return Object.fromEntries(field.args.map((arg) => [arg.name, valueFor(arg.type, arg.name, owner, draft, known, 0)]));
}

/** A value for a place: mostly one that fits; undefined for absent. */
function valueFor(type: GraphQLInputType, name: string, owner: string, draft: Draft, known: Known, depth: number): unknown {
  if (draft.chance(draft.wildness * 0.15)) return draft.pick(MISFITS);
  if (isNonNullType(type))
    return draft.chance(draft.wildness * 0.1) ? undefined : fitting(type.ofType, name, owner, draft, known, depth);
  if (draft.chance(absence(name))) return undefined;
  return draft.chance(0.04 + draft.wildness * 0.2) ? null : fitting(type, name, owner, draft, known, depth);
}

/** How often an optional value is left out: seldom where little succeeds without it, often where most fails with it. */
function absence(name: string): number {
  if (['lastName', 'contactId', 'dealId', 'stages', 'moveDealsTo', 'isDefault'].includes(name)) return 0.2;
  return ['expectedVersion', 'place', 'stageId'].includes(name) ? 0.8 : 0.6;
}

function fitting(type: GraphQLInputType, name: string, owner: string, draft: Draft, known: Known, depth: number): unknown {
  if (isListType(type)) {
    return Array.from({ length: lengthOf(name, draft) }, () => valueFor(type.ofType, name, owner, draft, known, depth + 1));
  }
  if (isInputObjectType(type)) return objectFor(type, draft, known, depth, owner);
  if (isEnumType(type)) {
    const names = type.getValues().map((value) => value.name);
    return draft.chance(draft.wildness) ? draft.pick(['NO_SUCH_VALUE', names[0]?.toLowerCase(), '', 1]) : draft.pick(names);
  }
  const named = getNullableType(type) as { name: string };
  if (named.name === 'ID') return idFor(name, owner, draft, known);
  if (draft.chance(draft.wildness)) return draft.pick(HOSTILE[named.name] ?? MISFITS);
  if (named.name === 'Int') return intFor(name, draft);
  if (name === 'expiresAt' && draft.chance(0.7)) return new Date(Date.now() + 86_400_000).toISOString();
  if (named.name === 'String') return textFor(name, draft, known);
  return draft.pick(FITTING[named.name] ?? MISFITS);
}

function lengthOf(name: string, draft: Draft): number {
  if (name === 'in' && draft.chance(0.2)) return draft.below(201);
  return name === 'stages' ? 1 + draft.below(3) : draft.below(4);
}

function objectFor(type: GraphQLInputObjectType, draft: Draft, known: Known, depth: number, outer: string): object {
  const fields = Object.values(type.getFields());
  const owner = /^(\w+)(Filter|Order)$/.exec(type.name)?.[1] ?? type.name;
  const place = owner in PLACES ? owner : outer;
  if (type.isOneOf) {
    const chosen = draft.chance(draft.wildness * 0.3) ? fields.slice(0, draft.below(3)) : [draft.pick(fields)];
    const of = type.name === 'DealPlace' ? 'Deal' : place;
    return Object.fromEntries(
      chosen.map((field) => [field.name, fitting(getNullableType(field.type), field.name, of, draft, known, depth)]),
    );
  }
  if (/^(and|or|not)$/.test(fields.at(-1)?.name ?? ''))
    return filterFor(
      type,
      fields.map((field) => field.name),
      draft,
      known,
      depth,
    );
  const owners = /^(Update|Create|Stage|Login|Lose|Move|Tags)/.test(type.name) ? type.name : place;
  return Object.fromEntries(
    fields.map((field) => [field.name, valueFor(field.type, field.name, owners, draft, known, depth + 1)]),
  );
}

/** Types whose filters and orders ask for ids of their own kind. */
const PLACES: Record<string, true> = { Activity: true, Company: true, Contact: true, Deal: true, Pipeline: true, User: true };

function filterFor(type: GraphQLInputObjectType, names: string[], draft: Draft, known: Known, depth: number): object {
  if (depth === 0 && draft.chance(0.03)) return deepFilter(30, draft);
  const plain = names.filter((name) => !['and', 'or', 'not'].includes(name));
  const chosen = Array.from({ length: draft.below(3) }, () => draft.pick(depth < 4 && draft.chance(0.3) ? names : plain));
  const owner = type.name.replace(/Filter$/, '');
  return Object.fromEntries(
    chosen.map((name) => {
      const of = type.getFields()[name]?.type as GraphQLInputType;
      return [name, fitting(getNullableType(of), name, name === 'id' ? owner : name, draft, known, depth + 1)];
    }),
  );
}

function deepFilter(depth: number, draft: Draft): object {
  if (depth === 0) return draft.pick([{}, { createdAt: { gte: '2020-01-01T00:00:00Z' } }, { id: { in: [] } }]);
  const inner = deepFilter(depth - 1, draft);
  return draft.pick([{ not: inner }, { and: [inner] }, { or: [inner] }, { and: [inner, {}] }, { or: [{ not: {} }, inner] }]);
}

function idFor(name: string, owner: string, draft: Draft, known: Known): unknown {
  if (draft.chance(draft.wildness))
    return draft.pick([
      draft.pick(HOSTILE_TEXTS),
      draft.uuid(),
      draft.pick(known.foreignIds),
      anId(draft.pick([...known.ids.keys()]), draft, known),
      5,
      1e21,
    ]);
  if (name === 'id' && /^(Create\w+|Stage)Input$/.test(owner)) return newIdFor(owner, draft, known);
  const type = ID_TYPES[name] ?? (['eq', 'in'].includes(name) ? (ID_TYPES[owner] ?? owner) : owner);
  const id = anId(type, draft, known);
  return draft.chance(0.1) ? id.toUpperCase() : id;
}

function newIdFor(owner: string, draft: Draft, known: Known): string | undefined {
  if (draft.chance(0.6)) return undefined;
  if (owner === 'StageInput') return anId('Stage', draft, known);
  return draft.chance(0.3) ? draft.pick(known.ownIds) : draft.uuid();
}

const ID_TYPES: Record<string, string> = {
  contactId: 'Contact',
  companyId: 'Company',
  dealId: 'Deal',
  pipelineId: 'Pipeline',
  stageId: 'Stage',
  ownerId: 'User',
  createdById: 'User',
  moveDealsTo: 'Stage',
  from: 'User',
  to: 'User',
};

/** Favours a few, so that operations meet at the same records. */
function anId(type: string, draft: Dice, known: Known): string {
  const ids = known.ids.get(type) ?? known.foreignIds;
  return draft.chance(0.3) ? draft.pick(ids.slice(0, 3)) : draft.pick(ids);
}

function intFor(name: string, draft: Draft): number {
  if (name === 'expectedVersion') return draft.chance(0.6) ? 1 : draft.below(4);
  return name === 'probability' ? draft.below(101) : 1 + draft.below(draft.chance(0.1) ? 100 : 5);
}

function textFor(name: string, draft: Draft, known: Known): string | undefined {
  if (name === 'purpose') return `k${draft.below(12)}`;
  if (name === 'key') return `k${draft.below(60)}`;
  if (name === 'after' || name === 'before') return draft.chance(0.3) ? cursorFor(draft, known) : undefined;
  if (name === 'email') return draft.chance(0.7) ? draft.pick(known.emails) : `${draft.below(1e6)}@example.com`;
  if (name === 'scopes') return draft.pick(SCOPES);
  if (name === 'newEmail') return `${draft.below(1e6)}@example.com`;
  if (name === 'password' || name === 'currentPassword') return draft.chance(0.8) ? PASSWORD : 'wrong';
  if (name === 'name' && draft.chance(0.2)) return draft.pick(CASELESS);
  if (['tags', 'tag', 'from', 'into', 'hasAny'].includes(name)) return `tag ${draft.below(30)}`;
  return draft.chance(0.1) ? draft.pick(HOSTILE_TEXTS) : `${name} ${draft.below(1e6)}`;
}

function cursorFor(draft: Draft, known: Known): string | undefined {
  if (known.cursors.length === 0) return 'AAAA';
  const cursor = draft.pick(known.cursors);
  return draft.pick([cursor, cursor.slice(0, draft.below(cursor.length)), `${cursor}A`, cursor.replace(/.$/, '-'), '']);
}

// ————— How it is written

function printArguments(args: readonly GraphQLArgument[], values: Record<string, unknown>, draft: Draft): string {
  const told = args.filter((arg) => values[arg.name] !== undefined);
  return told.length === 0 ? '' : `(${told.map((arg) => `${arg.name}: ${print(values[arg.name], arg.type, draft)}`).join(', ')})`;
}

/** A value as a literal of the document or, now and then, as a variable; at any depth. */
function print(value: unknown, type: GraphQLInputType, draft: Draft): string {
  if (draft.chance(draft.inVariables))
    return asVariable(value, draft.chance(draft.wildness) ? String(getNullableType(type)) : String(type), draft);
  const plain = getNullableType(type);
  if (Array.isArray(value)) {
    const item = isListType(plain) ? plain.ofType : plain;
    return `[${value.map((one) => (one === undefined ? 'null' : print(one, item, draft))).join(', ')}]`;
  }
  if (value !== null && typeof value === 'object') {
    const fields = isInputObjectType(plain) ? plain.getFields() : {};
    const told = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return `{ ${told.map(([name, inner]) => `${name}: ${print(inner, fields[name]?.type ?? plain, draft)}`).join(', ')} }`;
  }
  return isEnumType(plain) && typeof value === 'string' ? value || '""' : JSON.stringify(value);
}

function asVariable(value: unknown, type: string, draft: Draft): string {
  const name = `v${draft.declared.length}`;
  draft.declared.push(`$${name}: ${type}`);
  if (!draft.chance(draft.wildness * 0.2)) draft.variables[name] = value;
  return `$${name}`;
}

function selection(field: Field, depth: number, draft: Draft, known: Known): string {
  const type = getNamedType(field.type);
  if (!isObjectType(type)) return '';
  return ` { __typename ${Object.values(type.getFields())
    .map((inner) => selected(inner, type, depth, draft, known))
    .join(' ')} }`;
}

function selected(field: Field, owner: GraphQLObjectType, depth: number, draft: Draft, known: Known): string {
  if (field.name === 'id') return 'id';
  const type = getNamedType(field.type);
  if (isAbstractType(type)) return draft.chance(0.5) ? `${field.name} { __typename }` : '';
  const inner = { ...draft, wildness: draft.wildness * 0.3 };
  const of = type.name.replace(/Connection$/, '');
  const asked = (): string => printArguments(field.args, argumentsOf(field, of, inner, known), inner);
  if (!isObjectType(type)) return draft.chance(0.5) || field.name === 'endCursor' ? `${field.name}${asked()}` : '';
  const isPart = /(Connection|Edge|Payload)$/.test(owner.name);
  if (isPart ? field.name !== 'pageInfo' && field.name !== 'node' && !draft.chance(0.6) : depth === 0 || !draft.chance(0.08))
    return '';
  return `${field.name}${asked()}${selection(field, isPart ? depth : depth - 1, draft, known)}`;
}

// ————— What is answered

async function fuzz(index: number, targets: Target[], known: Known, tally: Tally): Promise<void> {
  const operation = draftOperation(index, targets, known);
  // Some are sent twice at the same moment, as by an impatient finger.
  const twins = dice(index).chance(0.1) ? 2 : 1;
  await Promise.all(Array.from({ length: twins }, () => carryOut(operation, known, tally)));
}

async function carryOut(operation: Operation, known: Known, tally: Tally): Promise<void> {
  const { index, query, variables, role, target } = operation;
  const repeat = `seed ${SEED}, operation ${index} as ${role ?? 'a visitor'}: ${JSON.stringify({ query, variables })}`;
  try {
    const answer = await stage.send(query, { token: role ? stage.tokenOf(org, role) : undefined, variables });
    note(tally, faultsOf(answer), repeat);
    count(tally, target.name, answer);
    learn(operation, answer, known);
  } catch (error) {
    note(tally, [`no answer, or none in JSON: ${String(error)}`], repeat);
  }
}

const LEAK = /prisma|node_modules|\.ts:|\bSELECT |postgres|pg_|constraint/i;

function faultsOf({ status, errors, headers, body }: Answer): string[] {
  const faults = status < 500 ? [] : [`status ${status}: ${body}`];
  for (const { message, extensions } of errors ?? []) {
    const { code, requestId } = extensions ?? {};
    if (code === 'INTERNAL') faults.push(`INTERNAL, ${causeOf(requestId)}`);
    if (!errorCodes.has(code)) faults.push(`no ErrorCode: ${code}`);
    if (!requestId || requestId !== headers.get('x-request-id')) faults.push('no request id');
    if (LEAK.test(message)) faults.push(`a leak: ${message}`);
  }
  return faults;
}

/** What the server's log says of a request: the error, and where in our own code it came from. */
function causeOf(requestId: string): string {
  const line = serverLog.find((entry) => entry.includes(requestId)) ?? '{}';
  const { err } = JSON.parse(line) as { err?: { message: string; stack: string; code?: string } };
  const frames = err?.stack.split('\n').filter((frame) => frame.includes('/src/') && !frame.includes('node_modules')) ?? [];
  const message = err?.message.replace(/"[^"]*"|'[^']*'/g, '…').replace(/\s+/g, ' ');
  return `${err?.code ?? ''} ${message ?? 'not logged'} ${frames.slice(0, 2).join('').trim()}`;
}

/** Faults by kind, each with how often it was met and an operation that meets it. */
function note({ faults }: Tally, kinds: string[], operation: string): void {
  for (const kind of kinds) {
    const { times, operations } = faults.get(kind) ?? { times: 0, operations: [] };
    faults.set(kind, { times: times + 1, operations: [...operations, operation].slice(0, 2) });
  }
}

function count(tally: Tally, name: string, { data, errors }: Answer): void {
  const outcome = tally.outcomes.get(name) ?? { succeeded: 0, sent: 0 };
  tally.outcomes.set(name, { sent: outcome.sent + 1, succeeded: outcome.succeeded + (data && !errors ? 1 : 0) });
  for (const { extensions } of errors ?? []) tally.codes.set(extensions.code, (tally.codes.get(extensions.code) ?? 0) + 1);
}

const MOST_KNOWN = 300;

/** Ids and cursors of an answer become inputs of later operations. */
function learn({ target, args, variables, index }: Operation, { data, errors }: Answer, known: Known): void {
  const found = records(data);
  for (const { __typename: type, id } of found) {
    const ids = known.ids.get(type) ?? [];
    if (typeof id === 'string' && ids.length < MOST_KNOWN && !ids.includes(id)) known.ids.set(type, [...ids, id]);
  }
  const cursors = found.flatMap(({ endCursor, cursor }) => [endCursor, cursor].filter((one) => typeof one === 'string'));
  known.cursors.push(...cursors.slice(0, 3));
  known.cursors.splice(0, known.cursors.length - MOST_KNOWN);
  const [after] = cursors.slice(-1);
  if (errors || !after || !isConnection(target.field) || Object.keys(variables).length > 0 || index % 2) return;
  known.pages.set(target.name, [...(known.pages.get(target.name) ?? []).slice(-5), { ...args, after, last: undefined }]);
}

type Found = Record<string, unknown> & { __typename: string };

function records(value: unknown): Found[] {
  if (Array.isArray(value)) return value.flatMap(records);
  if (value === null || typeof value !== 'object') return [];
  return [...('__typename' in value ? [value as Found] : []), ...Object.values(value).flatMap(records)];
}

/** The generator is no toy: everything succeeds now and then, and fails in every way it can. */
function checkReach({ codes, outcomes }: Tally, targets: Target[]): void {
  // A refresh token is 256 random bits, and a link's token a keyed hash: none is hit by chance.
  const unguessable = ['refreshToken', 'confirmRegistration', 'acceptInvitation', 'resetPassword', 'confirmEmailChange'];
  // Holds pile up on the few contacts that are known; a rule is activated with the version and the count that its preview told
  // (test/gdpr.test.ts and test/retention.test.ts do so).
  const kept = ['eraseContact', 'eraseUser', 'activateRetentionRule'];
  const reachable = targets.filter(({ name }) => ![...unguessable, ...kept].some((each) => name === `Mutation.${each}`));
  expect(reachable.filter(({ name }) => !outcomes.get(name)?.succeeded).map(({ name }) => name)).toEqual([]);
  const mutations = [...outcomes].filter(([name]) => isMutation(name)).map(([, outcome]) => outcome);
  const sum = (of: 'sent' | 'succeeded'): number => mutations.reduce((total, outcome) => total + outcome[of], 0);
  expect(sum('succeeded') / sum('sent')).toBeGreaterThan(0.2);
  expect([...codes.keys()]).toEqual(
    expect.arrayContaining([
      ...[
        'UNAUTHENTICATED',
        'INVALID_CREDENTIALS',
        'FORBIDDEN',
        'NOT_FOUND',
        'INVALID_INPUT',
        'CONFLICT',
        'IDEMPOTENCY_MISMATCH',
      ],
      ...['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT'],
    ]),
  );
}

// ————— What holds afterwards

/** What a good client of another organization sees, meanwhile and afterwards. */
async function viewOfNeighbour(): Promise<string> {
  const { data, errors } = await stage.send(
    '{ organization { version deals(orderBy: [{ position: ASC }]) { nodes { id title version stage { name } activities { nodes { id } } } totalCount } contacts { totalCount } } }',
    { token: stage.tokenOf(neighbour) },
  );
  expect(errors).toBeUndefined();
  return JSON.stringify(data);
}

/** A hash of an organization's rows for each table. */
async function contentsOf({ id }: Organization): Promise<Record<string, string>> {
  const { rows } = await stage.world.client.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'org_id' ORDER BY 1`,
  );
  const contents: Record<string, string> = {};
  for (const [name, key] of [...rows.map((row) => [row.name, 'org_id']), ['organizations', 'id']]) {
    const answer = await stage.world.client.query<{ hash: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS hash FROM public.${name} AS t WHERE ${key} = $1`,
      [id],
    );
    contents[name as string] = answer.rows[0]?.hash ?? '';
  }
  return contents;
}

/** Each selects what should not be. */
const INVARIANTS: Record<string, string> = {
  'every deal is in a stage of its own pipeline': `
    SELECT d.id FROM deals d LEFT JOIN pipeline_stages s ON s.org_id = d.org_id AND s.id = d.stage_id AND s.pipeline_id = d.pipeline_id
    WHERE s.id IS NULL`,
  'the projection of stages is what the pipelines say': `
    SELECT org_id, id, pipeline_id, name, place::int, probability::int, days_to_rot::int FROM pipeline_stages
    EXCEPT SELECT p.org_id, (stage->>'id')::uuid, p.id, stage->>'name', n::int, (stage->>'probability')::int, (stage->>'daysToRot')::int
    FROM pipelines p, jsonb_array_elements(p.stages) WITH ORDINALITY AS stages (stage, n)`,
  'an organization has one default pipeline, which is not deleted': `
    SELECT o.id FROM organizations o LEFT JOIN pipelines p ON p.org_id = o.id AND p.is_default AND p.deleted_at IS NULL
    GROUP BY o.id HAVING count(p.id) <> 1`,
  'the audit of an organization is numbered 1 to n, and its head is n': `
    SELECT o.id, count(a.id), max(a.seq), max(h.seq) FROM organizations o LEFT JOIN audit_logs a ON a.org_id = o.id LEFT JOIN audit_heads h ON h.org_id = o.id
    GROUP BY o.id HAVING count(DISTINCT a.seq) <> coalesce(max(a.seq), 0) OR coalesce(max(h.seq), 0) <> count(a.id)`,
  // A MOVE that a stage edit caused shares its change with the pipeline's fact and is no new version (docs/decisions/0010).
  'a version is 1 and one more for each fact that targeted the record': `
    SELECT r.type, r.id, r.version, count(f.id) FROM ${recordsTable()} r
    LEFT JOIN audit_logs f ON f.org_id = r.org_id AND f.entity_type = r.type AND f.entity_id = r.id AND f.action NOT IN ('CREATE', 'INVITE', 'GRANT', 'WITHDRAW', 'EXPORT')
     AND NOT (f.entity_type = 'Deal' AND EXISTS (
       SELECT FROM audit_logs p WHERE p.org_id = f.org_id AND p.change_id = f.change_id AND p.entity_type = 'Pipeline'))
    GROUP BY r.type, r.id, r.version HAVING r.version <> 1 + count(f.id)`,
  'facts tell versions in their order, the last one the record’s own': `
    SELECT * FROM (SELECT a.*, r.version AS now, lag(entity_version, 1, 1) OVER w AS was, lead(1) OVER w IS NULL AS is_last
      FROM audit_logs a JOIN ${recordsTable()} r ON r.org_id = a.org_id AND r.type = a.entity_type AND r.id = a.entity_id
      WINDOW w AS (PARTITION BY a.org_id, a.entity_id ORDER BY a.seq)) AS told
    WHERE entity_version NOT IN (was, was + 1) OR (is_last AND entity_version <> now)`,
  'a record made through the API has one CREATE, and no fact is about nothing': `
    SELECT entity_type, entity_id FROM audit_logs a
    GROUP BY entity_type, entity_id HAVING count(*) FILTER (WHERE action = 'CREATE') > 1
     OR NOT EXISTS (SELECT FROM ${recordsTable()} r WHERE r.type = entity_type AND r.id = entity_id
                    UNION ALL SELECT FROM sessions s WHERE entity_type = 'Session' AND s.id = entity_id)`,
  'contacts and deals know when something last happened': `
    SELECT r.id, r.last_activity_at, max(greatest(a.created_at, a.completed_at)) FROM (
      SELECT 'deal' AS type, org_id, id, last_activity_at FROM deals UNION ALL SELECT 'contact', org_id, id, last_activity_at FROM contacts) AS r
    LEFT JOIN activities a ON a.org_id = r.org_id AND a.deleted_at IS NULL AND r.id = CASE r.type WHEN 'deal' THEN a.deal_id ELSE a.contact_id END
    GROUP BY r.id, r.last_activity_at HAVING r.last_activity_at IS DISTINCT FROM max(greatest(a.created_at, a.completed_at))`,
  'the newest history of a deal is the deal': `
    SELECT d.id FROM deals d JOIN LATERAL (SELECT * FROM deal_history h WHERE h.org_id = d.org_id AND h.deal_id = d.id ORDER BY at DESC, seq DESC LIMIT 1) h ON true
    WHERE (h.pipeline_id, h.stage_id, h.status, h.value, h.currency, h.owner_id, h.is_deleted)
      IS DISTINCT FROM (d.pipeline_id, d.stage_id, d.status, d.value, d.currency, d.owner_id, d.deleted_at IS NOT NULL)`,
};

function recordsTable(): string {
  const types = {
    ...{ Company: 'companies', Contact: 'contacts', Pipeline: 'pipelines', Deal: 'deals', Activity: 'activities' },
    ...{
      User: 'users',
      Invitation: 'invitations',
      ExchangeRate: 'exchange_rates',
      ApiKey: 'api_keys',
      LegalHold: 'legal_holds',
      Erasure: 'erasures',
      SubjectExport: 'subject_exports',
      OrganizationExport: 'organization_exports',
      RetentionRule: 'retention_rules',
      RetentionRun: 'retention_runs',
      CustomField: 'custom_fields',
      ...{ ConsentPurpose: 'consent_purposes', ConsentText: 'consent_texts', Consent: 'consents' },
    },
    ...{ Organization: '(SELECT *, id AS org_id FROM organizations) AS o' },
  };
  const each = Object.entries(types).map(([type, table]) => `SELECT '${type}' AS type, org_id, id, version FROM ${table}`);
  return `(${each.join(' UNION ALL ')})`;
}

async function checkInvariants(): Promise<void> {
  for (const [name, query] of Object.entries(INVARIANTS)) {
    const { rows } = await stage.world.client.query(query);
    expect({ [name]: rows.slice(0, 5) }).toEqual({ [name]: [] });
  }
}

// ————— Tools

function dice(seed: number): Dice {
  let state = Math.imul(seed, 0x9e37_79b1);
  const next = (): number => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (end: number): number => Math.floor(next() * end);
  const hex = (length: number): string => Array.from({ length }, () => below(16).toString(16)).join('');
  return {
    below,
    chance: (probability) => next() < probability,
    pick: <Item>(items: readonly Item[]) => items[below(items.length)] as Item,
    uuid: () => `${hex(8)}-${hex(4)}-7${hex(3)}-8${hex(3)}-${hex(12)}`,
  };
}

async function inParallel(start: number, end: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = start;
  const lane = async (): Promise<void> => {
    while (next < end) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
