import { randomUUID } from 'node:crypto';
import { getNamedType, isObjectType, type GraphQLField } from 'graphql';
import { ROLES, type Role } from '../src/caller.js';
import { PUBLIC_FIELDS, graph } from '../src/domain/index.js';
import { buildSchema } from '../src/graphql/schema.js';
import type { Entity } from '../src/db/graph.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import type { Columns, Organization } from './support/world.js';

type Belongs = 'own' | 'colleague’s' | 'nobody’s';

/** What the product promises; src/domain/permissions.ts has to come to the same. */
const MAY_WRITE: Record<Role, { records: readonly Belongs[]; settings: boolean }> = {
  OWNER: { records: ['own', 'colleague’s', 'nobody’s'], settings: true },
  ADMIN: { records: ['own', 'colleague’s', 'nobody’s'], settings: true },
  MANAGER: { records: ['own', 'colleague’s', 'nobody’s'], settings: false },
  MEMBER: { records: ['own', 'nobody’s'], settings: false },
  VIEWER: { records: [], settings: false },
};
/** Tables that belong to the organization as a whole: all or none, by role. */
const SETTINGS = ['pipelines', 'users', 'organizations', 'exchange_rates', 'custom_fields', 'consent_purposes'];

/** Who owns a record and, of an activity, who wrote it down; and whose that makes it. */
interface Ownership {
  belongs: Belongs;
  owner: 'caller' | 'colleague' | 'nobody';
  author?: 'caller' | 'colleague';
}

const OF_RECORDS: Ownership[] = [
  { belongs: 'own', owner: 'caller' },
  { belongs: 'colleague’s', owner: 'colleague' },
  { belongs: 'nobody’s', owner: 'nobody' },
];
const OF_ACTIVITIES: Ownership[] = [
  { belongs: 'own', owner: 'caller', author: 'caller' },
  { belongs: 'own', owner: 'caller', author: 'colleague' },
  { belongs: 'own', owner: 'colleague', author: 'caller' },
  { belongs: 'own', owner: 'nobody', author: 'caller' },
  { belongs: 'colleague’s', owner: 'colleague', author: 'colleague' },
  { belongs: 'colleague’s', owner: 'nobody', author: 'colleague' },
];
const OF_SETTINGS: Ownership[] = [{ belongs: 'nobody’s', owner: 'nobody' }];

/** A call that changes the record which `state` prepares. */
interface Verb {
  input?: (org: Organization) => Record<string, unknown>;
  state?: Columns;
  /** More arguments, as they stand in the document. */
  args?: string;
}

const NOW = new Date().toISOString();
const STAGES = [{ name: 'Only', probability: 50 }];
/** One line a mutation: a new one has to be put here. */
const VERBS: Record<string, Verb> = {
  createContact: { input: () => ({ lastName: 'New' }) },
  updateContact: { input: () => ({ lastName: 'Changed' }) },
  deleteContact: {},
  restoreContact: { state: { deleted_at: NOW } },
  tagContact: { input: () => ({ tags: ['new'] }) },
  untagContact: { input: () => ({ tags: ['old'] }), state: { tags: ['old'] } },
  createCompany: { input: () => ({ name: 'New' }) },
  updateCompany: { input: () => ({ name: 'Changed' }) },
  deleteCompany: {},
  restoreCompany: { state: { deleted_at: NOW } },
  createDeal: { input: () => ({ title: 'New' }) },
  updateDeal: { input: () => ({ title: 'Changed' }) },
  deleteDeal: {},
  restoreDeal: { state: { deleted_at: NOW } },
  moveDeal: { input: (org) => ({ stageId: org.stageIds[1] }) },
  winDeal: {},
  loseDeal: {},
  reopenDeal: { state: { status: 'WON', closed_at: NOW } },
  createActivity: { input: () => ({ type: 'NOTE', subject: 'New' }) },
  updateActivity: { input: () => ({ subject: 'Changed' }) },
  deleteActivity: {},
  restoreActivity: { state: { deleted_at: NOW } },
  completeActivity: {},
  reopenActivity: { state: { is_completed: true, completed_at: NOW } },
  createPipeline: { input: () => ({ name: 'New', stages: STAGES }) },
  updatePipeline: { input: () => ({ name: 'Changed' }) },
  deletePipeline: {},
  restorePipeline: { state: { deleted_at: NOW } },
  createCustomField: {
    input: () => ({ entity: 'CONTACT', key: `k${randomUUID().replaceAll('-', '')}`, type: 'TEXT', label: 'New' }),
  },
  updateCustomField: { input: () => ({ label: 'Changed' }) },
  deleteCustomField: {},
  restoreCustomField: { state: { deleted_at: NOW } },
  createConsentPurpose: { input: () => ({ key: `k${randomUUID().replaceAll('-', '')}`, name: 'New' }) },
  updateConsentPurpose: { input: () => ({ name: 'Changed' }) },
  deleteConsentPurpose: {},
  restoreConsentPurpose: { state: { deleted_at: NOW } },
  deleteExchangeRate: {},
  updateOrganization: { input: () => ({ name: `Renamed ${randomUUID()}` }) },
  updateUser: { input: () => ({ lastName: 'Changed' }) },
  changeRole: { args: 'role: MANAGER' },
  deactivateUser: {},
  reactivateUser: { state: { is_active: false } },
};

/**
 * Everybody may end their own sessions, and nobody anybody else's (test/sessions.test.ts); everybody may change what is their
 * own, and what concerns several users or contacts, or somebody who is no user yet, has tests of its own (test/users.test.ts,
 * test/tags.test.ts, test/consents.test.ts, test/gdpr.test.ts, test/retention.test.ts, test/subject-export.test.ts, test/account.test.ts, test/api-keys.test.ts, test/invitations.test.ts).
 */
const OF_TAGS = ['renameTag', 'mergeTags', 'deleteTag'];
const ELSEWHERE = [
  ...OF_TAGS,
  ...['logout', 'logoutEverywhere', 'revokeSession'],
  ...['createApiKey', 'revokeApiKey'],
  ...['addConsentText', 'grantConsent', 'withdrawConsent'],
  ...['updateViewer', 'reassignRecords', 'transferOwnership', 'deleteOrganization', 'cancelOrganizationDeletion'],
  ...['exportOrganization', 'activateRetentionRule', 'removeRetentionRule'],
  ...[
    'exportSubject',
    'eraseContact',
    'eraseUser',
    'restrictProcessing',
    'liftRestriction',
    'placeLegalHold',
    'releaseLegalHold',
  ],
  ...['changePassword', 'changeEmail', 'inviteUser', 'revokeInvitation'],
];

/** Their record's id follows from their input (test/rates.test.ts, test/retention.test.ts). */
const BY_INPUT = ['setExchangeRate', 'setRetentionRule'];

const schema = buildSchema(ROOT);
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {}).filter(
  ({ name }) => !PUBLIC_FIELDS.includes(`Mutation.${name}`) && !ELSEWHERE.includes(name) && !BY_INPUT.includes(name),
);

/** One square of the matrix. */
interface Cell {
  name: string;
  entity: Entity;
  role: Role;
  ownership: Ownership;
  id: string;
}

/** What a mutation is about: what its payload shows. */
function entityOf(mutation: GraphQLField<unknown, unknown>): Entity {
  const payload = getNamedType(mutation.type);
  const types = isObjectType(payload) ? Object.values(payload.getFields()).map((field) => getNamedType(field.type).name) : [];
  const entity = [...graph.values()].find(({ type }) => types.includes(type));
  if (!entity) throw new Error(`${mutation.name} shows no record.`);
  return entity;
}

function ownershipsOf({ table }: Entity): Ownership[] {
  if (SETTINGS.includes(table)) return OF_SETTINGS;
  return table === 'activities' ? OF_ACTIVITIES : OF_RECORDS;
}

function cellsOf(mutation: GraphQLField<unknown, unknown>): Cell[] {
  const entity = entityOf(mutation);
  return ROLES.flatMap((role) =>
    ownershipsOf(entity).map((ownership) => ({ name: mutation.name, entity, role, ownership, id: randomUUID() })),
  );
}

const isCreation = ({ name }: Cell): boolean => name.startsWith('create');

/** What somebody makes is the maker's to make, whoever is to own it. */
function isAllowed(cell: Cell): boolean {
  const may = MAY_WRITE[cell.role];
  if (SETTINGS.includes(cell.entity.table)) return may.settings;
  return may.records.includes(isCreation(cell) ? 'own' : cell.ownership.belongs);
}

function titleOf({ role, ownership: { belongs, owner, author } }: Cell): string {
  return `${role}: ${belongs} (${owner} owns it${author ? `, ${author} wrote it` : ''})`;
}

let stage: Stage;
let org: Organization;
let contentsQuery: string;

beforeAll(async () => {
  stage = await openStage();
  contentsQuery = await queryForContents();
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

/** Every table of an organization, as one hash. */
async function queryForContents(): Promise<string> {
  const { rows } = await stage.world.client.query<{ name: string }>(
    `SELECT attrelid::regclass::text AS name FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
     WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND attname = 'org_id'`,
  );
  expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['audit_logs', 'audit_heads', 'deals']));
  const each = rows.map(({ name }) => `SELECT '${name}' AS name, t::text AS row FROM ${name} AS t WHERE org_id = $1`);
  return `SELECT md5(string_agg(name || row, E'\\n' ORDER BY name, row)) AS hash FROM (${each.join(' UNION ALL ')}) AS rows`;
}

async function contents(): Promise<string | undefined> {
  const { rows } = await stage.world.client.query<{ hash: string }>(contentsQuery, [org.id]);
  return rows[0]?.hash;
}

function userOf(who: 'caller' | 'colleague' | 'nobody', role: Role): string | null {
  const colleague = role === 'MEMBER' ? 'MANAGER' : 'MEMBER';
  return who === 'nobody' ? null : org.users[who === 'caller' ? role : colleague].id;
}

const PERSON = { password_hash: '-', first_name: 'Some', last_name: 'Body', role: 'MEMBER' };

/** The record that a call is about, as its verb needs it. */
async function prepare({ name, entity: { table }, role, ownership, id }: Cell, contact_id: string): Promise<void> {
  const base = { id, org_id: org.id, ...VERBS[name]?.state };
  const owner_id = userOf(ownership.owner, role);
  const rows: Record<string, () => Promise<unknown>> = {
    contacts: () => stage.world.contact(org, { ...base, owner_id }),
    companies: () => stage.world.company(org, { ...base, owner_id }),
    deals: () => stage.world.deal(org, { ...base, owner_id }),
    activities: () =>
      stage.world.activity(org, { ...base, owner_id, contact_id, user_id: userOf(ownership.author ?? 'caller', role) }),
    custom_fields: () => stage.world.customField(org, base),
    consent_purposes: () => stage.world.consentPurpose(org, base),
    exchange_rates: () => stage.world.rate(org, base),
    pipelines: () =>
      stage.world.insert('pipelines', [{ ...base, name: 'Pipeline', stages: [{ ...STAGES[0], id: randomUUID() }] }]),
    users: () => stage.world.insert('users', [{ ...base, ...PERSON, email: `${id}@example.com` }]),
  };
  await rows[table]?.();
}

async function call(cell: Cell, contactId: string): Promise<Answer> {
  const { name, entity, ownership, role, id } = cell;
  const { input } = VERBS[name] ?? {};
  const owned = SETTINGS.includes(entity.table) ? {} : { ownerId: userOf(ownership.owner, role) };
  const about = entity.table === 'activities' ? { contactId } : {};
  const made = { id, ...owned, ...about };
  const given = { ...(isCreation(cell) && made), ...input?.(org) };
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const known = schema.getType(type) ? type : 'TagsInput';
  const isNamed = !isCreation(cell) && entity.table !== 'organizations';
  const parameters = [...(isNamed ? ['$id: ID!'] : []), ...(input ? [`$input: ${known}!`] : [])];
  const args = [...(isNamed ? ['id: $id'] : []), ...(input ? ['input: $input'] : []), VERBS[name]?.args ?? ''];
  return stage.send(`mutation (${parameters.join(', ')}) { ${name}(${args.join(', ')}) { __typename } }`, {
    token: stage.tokenOf(org, role),
    variables: { id, input: given },
  });
}

/** The record's version, and the audit rows that tell of it. */
async function traceOf({ entity: { table }, id }: Cell): Promise<{ version: number; facts: number; row: unknown }> {
  const isWhole = table === 'organizations';
  const { rows } = await stage.world.client.query<{ version: number; facts: number; row: unknown }>(
    `SELECT version, (SELECT count(*)::int FROM audit_logs WHERE entity_id = t.id AND org_id = $1) AS facts, to_jsonb(t) AS row
     FROM ${table} AS t WHERE ${isWhole ? 'id' : 'org_id'} = $1 AND id = $2`,
    [org.id, isWhole ? org.id : id],
  );
  return rows[0] ?? { version: 0, facts: 0, row: null };
}

/** How a call went; what it says it did has to be what it did. */
async function outcomeOf(cell: Cell, contactId: string): Promise<string> {
  const before = await traceOf(cell);
  const hash = isAllowed(cell) ? undefined : await contents();
  const { errors } = await call(cell, contactId);
  const after = await traceOf(cell);
  if (errors) {
    expect(await contents()).toBe(hash);
    return errors.map(({ extensions }) => extensions.code).join();
  }
  expect(after).toMatchObject({ version: before.version + 1, facts: before.facts + 1 });
  expect(after.row).not.toEqual(before.row);
  return 'done';
}

/** What a role is told that it may do with the records of some cells, by id. */
async function permissions(cells: Cell[]): Promise<Record<string, Record<string, boolean>>> {
  const [some] = cells;
  if (!some?.entity.root || isCreation(some)) return {};
  const asked = cells.map(
    ({ entity, id }, index) =>
      `r${index}: ${entity.root?.one}(id: "${id}", includeDeleted: WITH) { viewerCan { update delete restore } }`,
  );
  const { data, errors } = await stage.send(`{ ${asked.join(' ')} }`, { token: stage.tokenOf(org, some.role) });
  expect(errors).toBeUndefined();
  return Object.fromEntries(cells.map(({ id }, index) => [id, data[`r${index}`].viewerCan as Record<string, boolean>]));
}

test('every mutation has its line in this matrix', () => {
  expect(Object.keys(VERBS).sort()).toEqual(mutations.map(({ name }) => name).sort());
});

test.each(mutations.map((mutation): [string, Cell[]] => [mutation.name, cellsOf(mutation)]))(
  '%s: each role changes what it may, is told so by viewerCan, and everything else is FORBIDDEN and without a trace',
  async (name, cells) => {
    const contactId = await stage.world.contact(org);
    const outcomes: Record<string, string> = {};
    for (const role of ROLES) {
      const squares = cells.filter((cell) => cell.role === role);
      if (!name.startsWith('create')) for (const cell of squares) await prepare(cell, contactId);
      const told = await permissions(squares);
      for (const cell of squares) {
        outcomes[titleOf(cell)] = await outcomeOf(cell, contactId);
        const all = { update: isAllowed(cell), delete: isAllowed(cell), restore: isAllowed(cell) };
        if (told[cell.id]) expect([titleOf(cell), told[cell.id]]).toEqual([titleOf(cell), all]);
      }
    }
    expect(outcomes).toEqual(Object.fromEntries(cells.map((cell) => [titleOf(cell), isAllowed(cell) ? 'done' : 'FORBIDDEN'])));
  },
);
