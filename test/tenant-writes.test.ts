import { randomUUID } from 'node:crypto';
import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
} from 'graphql';
import { graph } from '../src/domain/index.js';
import { buildSchema } from '../src/graphql/schema.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import type { Organization } from './support/world.js';

type Mutation = GraphQLField<unknown, unknown>;

/** A place where a mutation takes an id. */
interface Position {
  mutation: Mutation;
  /** From the arguments down, a list as `[]`: `input.stages[].id`. */
  path: string;
  /** Where the schema declares it: `StageInput.id`. */
  coordinate: string;
}

/** How a call is filled: with all fields, with those it needs, or with all and an idempotency key. */
type Form = 'full' | 'bare' | 'keyed';

/** Known records by table; the last deal is the neighbour of the first, the last user its heir. */
type Cast = Record<string, string[]>;

/** What an id in an input refers to, by the name of its field. A new field of another name has to be put here. */
const REFERS: Record<string, string> = {
  contactId: 'contacts',
  companyId: 'companies',
  ownerId: 'users',
  dealId: 'deals',
  pipelineId: 'pipelines',
  stageId: 'pipeline_stages',
  moveDealsTo: 'pipeline_stages',
  before: 'deals',
  after: 'deals',
  from: 'users',
  to: 'users',
  reassignTo: 'users',
};
/** Ids of something new, made by the client. */
const CLIENT_MADE = /^(Create\w+|Stage)Input\.id$/;
/** What a call needs by the rules of the trade, though the schema does not say so: mutation and position, field. */
const NEEDED: [call: RegExp, field: string][] = [
  [/^createContact /, 'input.lastName'],
  [/^createActivity /, 'input.contactId'],
  [/^createCustomField /, 'input.options'],
  [/^createDeal input\.place/, 'input.stageId'],
  [/^updatePipeline /, 'input.stages'],
  [/^updatePipeline /, 'input.stages[].id'],
];
const SAMPLES: Record<string, unknown> = {
  Int: 1,
  Boolean: true,
  DateTime: '2026-01-01T00:00:00Z',
  LocalDate: '2026-01-01',
  Decimal: '1',
  Rate: '1',
  CurrencyCode: 'EUR',
  TimeZone: 'Europe/Berlin',
  JSON: {},
};
/** Fields whose value must be of a kind; a custom field with options is a choice, few can be sortable, and others do without it. */
const CHOICE = { entity: 'DEAL', type: 'SELECT', options: [{ value: 'one', label: 'One' }] };
const FIELDS: Record<string, () => unknown> = {
  email: () => 'text@example.com',
  key: () => `k${randomUUID().replaceAll('-', '')}`,
  isSortable: () => false,
  isRequired: () => false,
  purpose: () => 'newsletter',
  givenAt: () => new Date().toISOString(),
  textVersion: () => 'v1',
  label: () => `label ${randomUUID()}`,
};
/** Enums of which another value than the first fits all calls. */
const ENUMS: Record<string, string> = { CustomFieldType: 'SELECT' };
const MALFORMED = { 'no UUID': 'no-uuid', empty: '', 'a NUL': '\u0000' };

const schema = buildSchema(ROOT);
/**
 * Whose id is a session's: ending one that is not one's own ends none, which test/sessions.test.ts shows, or a key's (test/api-keys.test.ts); and what would leave
 * this test without its owner, which test/users.test.ts tries. What people can ask for concerns deleted contacts, too (test/gdpr.test.ts), and an
 * organization has one retention rule of a kind (test/retention.test.ts).
 */
const ELSEWHERE = [
  ...['revokeSession', 'revokeApiKey', 'transferOwnership', 'activateRetentionRule', 'removeRetentionRule'],
  ...[
    'exportSubject',
    'eraseContact',
    'eraseUser',
    'restrictProcessing',
    'liftRestriction',
    'placeLegalHold',
    'releaseLegalHold',
  ],
];
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {}).filter(({ name }) => !ELSEWHERE.includes(name));
const positions = mutations.flatMap((mutation) =>
  mutation.args.flatMap((arg) => idsIn(mutation, arg.type, arg.name, `${mutation.name}(${arg.name})`)),
);
const references = positions.filter((position) => !isClientMade(position));
const clientMade = positions.filter(isClientMade);
const named = (list: Position[]): [string, string, Position][] => list.map((item) => [item.mutation.name, item.path, item]);

function idsIn(mutation: Mutation, type: GraphQLInputType, path: string, coordinate: string): Position[] {
  const value = getNullableType(type);
  if (isListType(value)) return idsIn(mutation, value.ofType, `${path}[]`, coordinate);
  if (!isInputObjectType(value)) return value.name === 'ID' ? [{ mutation, path, coordinate }] : [];
  return Object.values(value.getFields()).flatMap((field) =>
    idsIn(mutation, field.type, `${path}.${field.name}`, `${value.name}.${field.name}`),
  );
}

function isClientMade({ coordinate }: Position): boolean {
  return CLIENT_MADE.test(coordinate);
}

/** The record a mutation is about: the one its payload shows. */
function recordOf(mutation: Mutation): { field: string; table: string } {
  const payload = getNamedType(mutation.type);
  const fields = isObjectType(payload) ? Object.values(payload.getFields()) : [];
  for (const field of fields) {
    const entity = [...graph.values()].find(({ type }) => type === getNamedType(field.type).name);
    if (entity) return { field: field.name, table: entity.table };
  }
  throw new Error(`${mutation.name} shows no record.`);
}

/** The table an id belongs to. @throws Error for a field this test does not know. */
function tableOf({ mutation, path, coordinate }: Position): string {
  if (coordinate === 'StageInput.id') return 'pipeline_stages';
  if (path === 'id' || path === 'input.id') return recordOf(mutation).table;
  const table = REFERS[path.split('.').at(-1)?.replace('[]', '') ?? ''];
  if (!table) throw new Error(`What does ${coordinate} refer to? Put it into REFERS.`);
  return table;
}

/** A valid id for a place. */
function knownId(position: Position, cast: Cast, item: number): string {
  if (isClientMade(position) && position.mutation.name.startsWith('create')) return randomUUID();
  const ids = cast[tableOf(position)] ?? [];
  const id = /\.(before|after|reassignTo)$|^to$/.test(position.path) ? ids.at(-1) : ids[item];
  if (!id) throw new Error(`The cast has no ${tableOf(position)}.`);
  return id;
}

/** One call to fill: its form, and the id that stands at its position. */
interface Call {
  position: Position;
  form: Form;
  cast: Cast;
  id: string;
}

function variablesOf(call: Call): Record<string, unknown> {
  const { mutation } = call.position;
  const given = mutation.args.filter((arg) => isGiven(call, arg.type, arg.name));
  return Object.fromEntries(
    given.map((arg) => [arg.name, valueOf(call, arg.type, arg.name, `${mutation.name}(${arg.name})`, 0)]),
  );
}

function isGiven({ form, position }: Call, type: GraphQLInputType, path: string): boolean {
  if (form !== 'bare' || isNonNullType(type) || leadsTo(path, position.path)) return true;
  return NEEDED.some(([call, field]) => field === path && call.test(`${position.mutation.name} ${position.path}`));
}

function leadsTo(path: string, target: string): boolean {
  return target === path || target.startsWith(`${path}.`) || target.startsWith(`${path}[]`);
}

/** A valid value, but for the id at the call's position; of a list the last item leads there. */
function valueOf(call: Call, type: GraphQLInputType, path: string, coordinate: string, item: number): unknown {
  const value = getNullableType(type);
  if (isListType(value)) return [0, 1].map((index) => valueOf(call, value.ofType, `${path}[]`, coordinate, index));
  if (isInputObjectType(value)) return inputOf(call, value, path, item);
  const field = path.split('.').at(-1) ?? '';
  if (field in FIELDS) return FIELDS[field]?.();
  if (isEnumType(value)) return ENUMS[value.name] ?? value.getValues()[0]?.name;
  if (value.name === 'ID') {
    const isTarget = path === call.position.path && (item === 1 || !path.includes('[]'));
    return isTarget ? call.id : knownId({ ...call.position, path, coordinate }, call.cast, item);
  }
  if (value.name === 'String') return `Text ${item}`;
  if (!(value.name in SAMPLES)) throw new Error(`What is a ${value.name}? Put one into SAMPLES.`);
  return SAMPLES[value.name];
}

function inputOf(call: Call, type: GraphQLInputObjectType, path: string, item: number): Record<string, unknown> {
  const fields = Object.values(type.getFields());
  const given = type.isOneOf
    ? [fields.find(({ name }) => leadsTo(`${path}.${name}`, call.position.path)) ?? fields[0]]
    : fields.filter((field) => isGiven(call, field.type, `${path}.${field.name}`));
  return Object.fromEntries(
    given.flatMap((field) =>
      field ? [[field.name, valueOf(call, field.type, `${path}.${field.name}`, `${type.name}.${field.name}`, item)]] : [],
    ),
  );
}

function documentOf({ position, form }: Call, given: string[]): string {
  const { name, args } = position.mutation;
  const used = args.filter((arg) => given.includes(arg.name));
  const directive = form === 'keyed' ? `@idempotent(key: "${randomUUID()}")` : '';
  const record = recordOf(position.mutation).field;
  return `mutation (${used.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ')}) {
    ${name}(${used.map((arg) => `${arg.name}: $${arg.name}`).join(', ')}) ${directive} { ${record} { id } } }`;
}

/** Status and body without what may differ: request id and ids. */
function gist({ status, body }: Answer, id: string): string {
  const text = id === '' ? body : body.replaceAll(JSON.stringify(id).slice(1, -1), '…');
  return `${status} ${text.replace(/"requestId":"[^"]*"/g, '"requestId":"…"').replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, '…')}`;
}

/** Two walls: with the application's tenant filter, and with PostgreSQL alone. */
describe.each([
  ['with the application’s filters', true],
  ['with the application’s filters switched off', false],
])('%s', (_, tenantFilter) => {
  const covered: Position[] = [];
  let stage: Stage;
  let mine: Organization;
  let theirs: Organization;
  let foreign: Cast;
  let deleted: Cast;
  let contentsQuery: string;

  beforeAll(async () => {
    stage = await openStage({ tenantFilter, poolSize: 12 });
    mine = await stage.world.organization();
    theirs = await stage.world.organization();
    for (const org of [mine, theirs]) await addNewsletter(org);
    foreign = await castOf(theirs);
    deleted = await castOf(mine, { deleted_at: new Date().toISOString() });
    contentsQuery = await queryForContents();
  });
  afterAll(() => stage.close());

  /** What consents are about, by its key. */
  async function addNewsletter(org: Organization): Promise<void> {
    const purpose_id = await stage.world.consentPurpose(org, { key: 'newsletter' });
    const text = { org_id: org.id, id: randomUUID(), purpose_id, number: 1, label: 'v1', body: 'Text' };
    await stage.world.insert('consent_texts', [text]);
  }

  /** A retention rule and a sweep of it, the same ones each time: there is one of a kind. */
  async function sweptRule(org: Organization, activated_by_id: string): Promise<[rule: string, run: string]> {
    const { rows } = await stage.world.client.query<{ rule: string; run: string }>(
      'SELECT rule_id AS rule, id AS run FROM retention_runs WHERE org_id = $1',
      [org.id],
    );
    if (rows[0]) return [rows[0].rule, rows[0].run];
    const [rule, run] = [randomUUID(), randomUUID()];
    const active = { kind: 'SESSIONS', span: 7, state: 'ACTIVE', activated_by_id, activated_at: '2026-01-01T00:00:00Z' };
    await stage.world.insert('retention_rules', [{ org_id: org.id, id: rule, ...active }]);
    await stage.world.insert('retention_runs', [{ org_id: org.id, id: run, rule_id: rule }]);
    return [rule, run];
  }

  /** A record of each table, two where they stand side by side. */
  async function castOf(org: Organization, columns: { deleted_at?: string } = {}): Promise<Cast> {
    const [pipeline, ...stages] = Array.from({ length: 3 }, () => randomUUID()) as [string, ...string[]];
    const users = [randomUUID(), randomUUID()];
    const base = { org_id: org.id, ...columns };
    await stage.world.insert(
      'users',
      users.map((id) => ({
        ...base,
        id,
        email: `${id}@example.com`,
        password_hash: '-',
        first_name: 'A',
        last_name: 'B',
        role: 'MEMBER',
      })),
    );
    await stage.world.insert('pipelines', [
      {
        ...base,
        id: pipeline,
        name: 'Cast',
        stages: stages.map((id, place) => ({ id, name: `Stage ${place}`, probability: 1 })),
      },
    ]);
    const invitation = randomUUID();
    const invited = {
      email: `${invitation}@example.com`,
      role: 'MEMBER',
      invited_by_id: users[0],
      expires_at: '9999-01-01T00:00:00Z',
    };
    await stage.world.insert('invitations', [{ org_id: org.id, id: invitation, ...invited }]);
    const apiKey = randomUUID();
    const key = { name: 'Cast', hint: 'abcd', scopes: ['deals:read'], expires_at: '9999-01-01T00:00:00Z' };
    const secret = { secret_hash: `\\x${apiKey.replaceAll('-', '').repeat(2)}` };
    await stage.world.insert('api_keys', [{ org_id: org.id, id: apiKey, user_id: users[0], ...key, ...secret }]);
    const company = await stage.world.company(org, columns);
    const contact = await stage.world.contact(org, columns);
    const purpose_id = await stage.world.consentPurpose(org, columns);
    const [text, consent] = [randomUUID(), randomUUID()];
    const entry = { entry: 1, kind: 'GRANTED', lawful_basis: 'CONSENT', channel: 'OTHER', given_at: new Date().toISOString() };
    await stage.world.insert('consent_texts', [{ org_id: org.id, id: text, purpose_id, number: 1, label: 'v1', body: 'Text' }]);
    await stage.world.insert('consents', [{ org_id: org.id, id: consent, contact_id: contact, purpose_id, ...entry }]);
    const place = { pipeline_id: pipeline, stage_id: stages[0], ...columns };
    const hold = randomUUID();
    const released = { released_by_id: users[0], released_at: '2026-01-01T00:00:00Z' };
    const held = { contact_id: contact, reason: 'Lawsuit', placed_by_id: users[0], ...released };
    await stage.world.insert('legal_holds', [{ org_id: org.id, id: hold, ...held }]);
    const exported = randomUUID();
    const made = { contact_id: contact, requested_by_id: users[0], expires_at: '2026-01-02T00:00:00Z' };
    await stage.world.insert('subject_exports', [{ org_id: org.id, id: exported, ...made }]);
    const taken = { requested_by_id: users[0], state: 'READY', expires_at: '2026-01-02T00:00:00Z' };
    const takenAlong = randomUUID();
    await stage.world.insert('organization_exports', [{ org_id: org.id, id: takenAlong, ...taken }]);
    const [rule, sweep] = await sweptRule(org, users[0] ?? '');
    const erasure = randomUUID();
    const erased = { kind: 'CONTACT', record_id: randomUUID(), reason: 'Asked for', counts: '{}', receipt: '-' };
    await stage.world.insert('erasures', [
      { org_id: org.id, id: erasure, ...erased, requested_by_id: users[0], erased_at: '2026-01-01T00:00:00Z' },
    ]);
    const deals = [await stage.world.deal(org, place), await stage.world.deal(org, { ...place, position: 'b' })];
    const activity = await stage.world.activity(org, { contact_id: contact, ...columns });
    return {
      users,
      pipelines: [pipeline],
      pipeline_stages: stages,
      companies: [company],
      contacts: [contact],
      deals,
      activities: [activity],
      // They are revoked, or stay for ever.
      ...(!columns.deleted_at && {
        invitations: [invitation],
        api_keys: [apiKey],
        consent_texts: [text],
        consents: [consent],
        legal_holds: [hold],
        erasures: [erasure],
        subject_exports: [exported],
        organization_exports: [takenAlong],
        retention_rules: [rule],
        retention_runs: [sweep],
      }),
      custom_fields: [await stage.world.customField(org, { ...CHOICE, ...columns })],
      consent_purposes: [purpose_id],
      exchange_rates: [await stage.world.rate(org, columns)],
    };
  }

  /** Every table of the schema, without exception, an organization at a time. */
  async function queryForContents(): Promise<string> {
    const { rows } = await stage.world.client.query<{ name: string; key: string }>(
      `SELECT c.relname AS name, coalesce((SELECT 't.' || attname FROM pg_attribute WHERE attrelid = c.oid
         AND attname = CASE c.relname WHEN 'organizations' THEN 'id' ELSE 'org_id' END), 'NULL') AS key
       FROM pg_class AS c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace`,
    );
    expect(rows.map((row) => row.name)).toEqual(expect.arrayContaining([...graph.keys(), 'audit_logs', 'idempotency_keys']));
    return rows
      .map(
        ({ name, key }) =>
          `SELECT '${name} ' || coalesce(${key}::text, '') AS name, md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS hash
           FROM public.${name} AS t GROUP BY 1`,
      )
      .join(' UNION ALL ');
  }

  /** Hashes of what stands in the tables, of all organizations or of all but one. */
  async function contents(but?: Organization): Promise<Record<string, string>> {
    const { rows } = await stage.world.client.query<{ name: string; hash: string }>(contentsQuery);
    return Object.fromEntries(rows.filter(({ name }) => !but || !name.endsWith(but.id)).map(({ name, hash }) => [name, hash]));
  }

  async function send(call: Call): Promise<Answer> {
    const variables = variablesOf(call);
    return stage.send(documentOf(call, Object.keys(variables)), { token: stage.tokenOf(mine, 'OWNER'), variables });
  }

  /** What each of several ids is answered with, at one position. */
  async function gists(call: Omit<Call, 'id'>, ids: Record<string, string>): Promise<Record<string, string>> {
    const answers = Object.entries(ids).map(async ([label, id]) => [label, gist(await send({ ...call, id }), id)]);
    return Object.fromEntries(await Promise.all(answers)) as Record<string, string>;
  }

  /** Ids that stand for nothing the caller can see at this position: all of them in full, and what may differ in other forms. */
  function wrongIds({ position, form, cast }: Omit<Call, 'id'>): Record<string, string> {
    const table = tableOf(position);
    const other = table === 'contacts' ? 'companies' : 'contacts';
    const findsDeleted = position.path === 'id' && /^(delete|restore|withdraw)/.test(position.mutation.name);
    return {
      'one that never existed': randomUUID(),
      'a foreign one': foreign[table]?.[0] ?? '',
      ...(form === 'keyed' ? { 'one that is no UUID': 'no-uuid' } : { 'an empty one': '' }),
      ...(form === 'full' && { 'one that is no UUID': 'no-uuid', 'one of another type': cast[other]?.[0] ?? '' }),
      ...(form === 'full' && !findsDeleted && { 'a deleted one': deleted[table]?.[0] ?? '' }),
      ...(form === 'full' && position.path !== 'id' && { 'one with a NUL': '\u0000' }),
    };
  }

  /** Or a call would have been refused for something else than its id. */
  async function expectRightIdToWork(position: Position, cast: Cast): Promise<void> {
    const id = knownId(position, cast, position.path.includes('[]') ? 1 : 0);
    for (const form of formsOf(position)) {
      if (form === 'keyed') continue;
      const { errors } = await send({ position, form, cast, id });
      expect([form, errors]).toEqual([form, undefined]);
    }
  }

  async function holdersOf(table: string, id: string): Promise<string[]> {
    const { rows } = await stage.world.client.query<{ org_id: string }>(`SELECT org_id FROM public.${table} WHERE id = $1`, [id]);
    return rows.map((row) => row.org_id).sort();
  }

  const formsOf = ({ path }: Position): Form[] => (path === 'id' ? ['full', 'keyed'] : ['full', 'bare']);
  const alike = (answers: Record<string, string>, answer: string | undefined): Record<string, unknown> =>
    Object.fromEntries(Object.keys(answers).map((label) => [label, answer]));

  test.each(named(references))(
    '%s(%s) refuses every id but a visible one’s alike, and nothing changes',
    async (_, __, position) => {
      const cast = await castOf(mine);
      const before = await contents();
      for (const form of formsOf(position)) {
        const call = { position, form, cast };
        const answers = await gists(call, wrongIds(call));
        const never = answers['one that never existed'];
        expect([form, answers]).toEqual([form, alike(answers, never)]);
        expect(never).toContain(`"data":{"${position.mutation.name}":null}`);
        expect(never).toContain(`"code":"${position.path === 'id' ? 'NOT_FOUND"' : 'INVALID_INPUT"'}`);
      }
      expect(await contents()).toEqual(before);
      await expectRightIdToWork(position, cast);
      covered.push(position);
    },
  );

  test.each(named(clientMade))(
    '%s(%s) takes an id that another organization has, like one that nobody has',
    async (_, __, position) => {
      for (const form of formsOf(position)) {
        const table = tableOf(position);
        const taken = (await castOf(theirs))[table]?.[0] ?? '';
        const call = { position, form, cast: await castOf(mine) };
        const before = await contents();
        const refused = await gists(call, MALFORMED);
        expect(refused).toEqual(alike(refused, refused['empty']));
        expect(refused['empty']).toContain('"code":"INVALID_INPUT"');
        expect(await contents()).toEqual(before);
        const elsewhere = await contents(mine);
        const nobodys = await gists({ ...call, cast: await castOf(mine) }, { made: randomUUID() });
        expect(nobodys['made']).toContain(
          `200 {"data":{"${position.mutation.name}":{"${recordOf(position.mutation).field}":{"id":"…"}}}}`,
        );
        expect(await gists(call, { made: taken })).toEqual(nobodys);
        expect(await contents(mine)).toEqual(elsewhere);
        expect(await holdersOf(table, taken)).toEqual([mine.id, theirs.id].sort());
      }
      covered.push(position);
    },
  );

  test('these are all ids that mutations take', () => {
    const inputs = Object.values(schema.getTypeMap()).filter(isInputObjectType);
    const declared = inputs
      .filter((type) => !type.name.endsWith('Filter'))
      .flatMap((type) =>
        Object.values(type.getFields()).map((field) => ({ type: field.type, name: `${type.name}.${field.name}` })),
      );
    const args = mutations.flatMap((field) => field.args.map((arg) => ({ type: arg.type, name: `${field.name}(${arg.name})` })));
    const ids = [...args, ...declared].filter(({ type }) => getNamedType(type).name === 'ID').map(({ name }) => name);
    expect([...new Set(covered.map(({ coordinate }) => coordinate))].sort()).toEqual(ids.sort());
    expect(covered.map(({ mutation, path }) => `${mutation.name} ${path}`).sort()).toEqual(
      positions.map(({ mutation, path }) => `${mutation.name} ${path}`).sort(),
    );
    const without = mutations.filter((mutation) => !covered.some((position) => position.mutation === mutation));
    expect(without.map((mutation) => mutation.name).sort()).toEqual([
      'acceptInvitation',
      'cancelOrganizationDeletion',
      'changeEmail',
      'changePassword',
      'confirmEmailChange',
      'confirmRegistration',
      'createApiKey',
      'deleteOrganization',
      'deleteTag',
      'exportOrganization',
      'inviteUser',
      'login',
      'logout',
      'logoutEverywhere',
      'mergeTags',
      'refreshToken',
      'register',
      'renameTag',
      'requestPasswordReset',
      'resetPassword',
      'setExchangeRate',
      'setRetentionRule',
      'updateOrganization',
      'updateViewer',
    ]);
  });

  test('a record with an id that both organizations use is the own one, for every reference to it', async () => {
    const id = await stage.world.contact(theirs, { first_name: 'Theirs' });
    const as = (org: Organization): { token: string } => ({ token: stage.tokenOf(org, 'OWNER') });
    const query = `mutation { createContact(input: { id: "${id}", firstName: "Mine" }) { contact { id } }
      createDeal(input: { title: "Deal", contactId: "${id}" }) { deal { contact { firstName } organization { id } } }
      updateContact(id: "${id}", input: { jobTitle: "Both" }) { contact { firstName jobTitle } } }`;
    const { data, errors } = await stage.send(query, as(mine));
    expect(errors).toBeUndefined();
    expect(data.createDeal.deal).toEqual({ contact: { firstName: 'Mine' }, organization: { id: mine.id } });
    expect(data.updateContact.contact).toEqual({ firstName: 'Mine', jobTitle: 'Both' });
    const other = await stage.send(`{ contact(id: "${id}") { firstName jobTitle deals { totalCount } } }`, as(theirs));
    expect(other.data.contact).toEqual({ firstName: 'Theirs', jobTitle: null, deals: { totalCount: 0 } });
  });

  test('an idempotency key means nothing to another organization or another user', async () => {
    const key = randomUUID();
    const make = (name: string): string =>
      `mutation { createCompany(input: { name: "${name}" }) @idempotent(key: "${key}") { company { id name organization { id } owner { id } } } }`;
    const as = async (org: Organization, role: 'OWNER' | 'ADMIN', name: string): Promise<{ id: string }> => {
      const { data, errors } = await stage.send(make(name), { token: stage.tokenOf(org, role) });
      expect(errors).toBeUndefined();
      expect(data.createCompany.company).toMatchObject({ name, organization: { id: org.id }, owner: { id: org.users[role].id } });
      return data.createCompany.company as { id: string };
    };
    const first = await as(mine, 'OWNER', 'Same');
    const others = [await as(theirs, 'OWNER', 'Same'), await as(mine, 'ADMIN', 'Same'), await as(theirs, 'ADMIN', 'Different')];
    expect(new Set([first, ...others].map(({ id }) => id)).size).toBe(4);
    expect(await as(mine, 'OWNER', 'Same')).toEqual(first);
  });

  const relations = [...graph.values()].flatMap(({ table, toOne }) =>
    Object.entries(toOne).map(([name, { entity, key }]): [string, string, string, string] => [table, name, entity, key]),
  );

  test.each(relations)('PostgreSQL itself refuses a foreign record as %s.%s', async (table, _, target, key) => {
    const column = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const { client } = stage.world;
    const cast = await castOf(mine);
    const attempt = client.query(`UPDATE public.${table} SET ${column} = $1 WHERE org_id = $2 AND id = $3`, [
      foreign[target]?.[0],
      mine.id,
      cast[table]?.[0],
    ]);
    await expect(attempt).rejects.toMatchObject({ code: '23503' });
  });
});
