import { openStage, type Answer, type Stage } from './support/app.js';
import type { Role } from '../src/caller.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;

beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const send = (query: string, variables: Record<string, unknown> = {}, role: Role = 'ADMIN'): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables });

type Input = Record<string, unknown>;

const FIELD = 'id version key type label place isRequired isSortable isPersonal deletedAt options { value label }';

const create = (input: Input, role?: Role): Promise<Answer> =>
  send(
    `mutation ($input: CreateCustomFieldInput!) { createCustomField(input: $input) { customField { ${FIELD} } } }`,
    { input: { entity: 'CONTACT', label: 'A label', ...input } },
    role,
  );
const change = (verb: string, id: string, input?: Input): Promise<Answer> =>
  send(
    `mutation ($id: ID!${input ? ', $input: UpdateCustomFieldInput!' : ''}) { ${verb}CustomField(id: $id${input ? ', input: $input' : ''}) { customField { ${FIELD} } } }`,
    { id, input },
  );

async function field(key: string, type: string, more: Input = {}): Promise<string> {
  const { data, errors } = await create({ key, type, ...more });
  expect(errors).toBeUndefined();
  return data.createCustomField.customField.id as string;
}

const make = (customFields: unknown, type = 'Contact'): Promise<Answer> =>
  send(
    `mutation ($input: Create${type}Input!) { create${type}(input: $input) { record: ${type.toLowerCase()} { id version customFields } } }`,
    { input: { ...NAMES[type], customFields } },
  );
const set = (id: string, customFields: unknown): Promise<Answer> =>
  send(
    'mutation ($id: ID!, $input: UpdateContactInput!) { updateContact(id: $id, input: $input) { contact { version customFields } } }',
    { id, input: { customFields } },
  );
const NAMES: Record<string, Input> = { Contact: { lastName: 'A' }, Company: { name: 'A' }, Deal: { title: 'A' } };

const faults = ({ errors }: Answer): unknown =>
  errors?.flatMap(({ extensions }) => extensions.fields?.map(({ path, code }) => [path.slice(1).join('.'), code]));

const OPTIONS = [
  { value: 'red', label: 'Red' },
  { value: 'blue', label: 'Blue' },
];

test('each type takes its values in one form, and shows them under its key', async () => {
  for (const [key, type] of Object.entries({ note: 'TEXT', budget: 'NUMBER', born: 'DATE', site: 'URL', mail: 'EMAIL' }))
    await field(key, type);
  await field('colour', 'SELECT', { options: OPTIONS });
  await field('colours', 'MULTI_SELECT', { options: OPTIONS });
  const { data, errors } = await make({
    note: '  said „hello“ ',
    budget: '9007199254740993.1000',
    born: '2024-02-29',
    site: 'https://example.com/a?b=c',
    mail: ' Anna@EXAMPLE.com',
    colour: 'red',
    colours: ['blue', 'red'],
  });
  expect(errors).toBeUndefined();
  expect(data.createContact.record.customFields).toEqual({
    note: 'said „hello“',
    budget: '9007199254740993.1',
    born: '2024-02-29',
    site: 'https://example.com/a?b=c',
    mail: 'anna@example.com',
    colour: 'red',
    colours: ['blue', 'red'],
  });
});

test.each([
  ['TEXT', [5, true, ['a'], { a: 1 }, 'a\0b', '\ud800', 'x'.repeat(2_001)]],
  ['NUMBER', [5, '1e5', '1,5', 'NaN', '1.23456', '9'.repeat(21), '٣']],
  ['DATE', ['2026-02-29', '2026-13-01', '0000-01-01', '26-01-01', 'today', 20260101, '2026-01-01T00:00:00Z']],
  ['URL', ['example.com', 'javascript:alert(1)', 'ftp://example.com', 'https://', 'https://a b']],
  ['EMAIL', ['anna', 'a b@example.com', `${'x'.repeat(250)}@example.com`]],
  ['SELECT', ['green', 'Red', ['red'], 0]],
  ['MULTI_SELECT', ['red', ['red', 'red'], ['green'], [null], { 0: 'red' }]],
])('%s refuses what is none, naming the key', async (type, wrong) => {
  const options = type.endsWith('SELECT') ? { options: OPTIONS } : {};
  await field('value', type, options);
  for (const value of wrong) expect(faults(await make({ value }))).toEqual([['customFields.value', 'INVALID']]);
});

test('all wrong keys are named at once, and unknown ones too', async () => {
  await field('budget', 'NUMBER');
  await field('born', 'DATE');
  const answer = await make({ budget: 'much', born: 'long ago', nonsense: 1, __proto__: 'x' });
  expect(faults(answer)).toEqual([
    ['customFields.budget', 'INVALID'],
    ['customFields.born', 'INVALID'],
    ['customFields.nonsense', 'INVALID'],
  ]);
  for (const customFields of [null, [], 'x', 5]) expect(faults(await make(customFields))).toEqual([['customFields', 'INVALID']]);
});

test('an update merges by key: absent keeps, null clears, with a fact for each key that changed', async () => {
  await field('a', 'TEXT');
  await field('b', 'NUMBER');
  const { id } = (await make({ a: 'one', b: '1' })).data.createContact.record as { id: string };
  expect((await set(id, { b: '1.00' })).data.updateContact.contact).toEqual({ version: 1, customFields: { a: 'one', b: '1' } });
  expect((await set(id, { b: '2' })).data.updateContact.contact).toEqual({ version: 2, customFields: { a: 'one', b: '2' } });
  expect((await set(id, { a: null, b: '3' })).data.updateContact.contact).toEqual({
    version: 3,
    customFields: { a: null, b: '3' },
  });
  expect((await set(id, {})).data.updateContact.contact.version).toBe(3);
  const { rows } = await stage.world.client.query(
    `SELECT a.entity_version AS version, v.field, v.before, v.after FROM audit_logs AS a JOIN audit_values AS v ON v.org_id = a.org_id AND v.audit_id = a.id
      WHERE a.org_id = $1 AND a.entity_id = $2 AND v.field LIKE 'custom%' ORDER BY a.seq, v.field`,
    [org.id, id],
  );
  expect(rows).toEqual([
    { version: 1, field: 'customFields.a', before: null, after: 'one' },
    { version: 1, field: 'customFields.b', before: null, after: '1' },
    { version: 2, field: 'customFields.b', before: '1', after: '2' },
    { version: 3, field: 'customFields.a', before: 'one', after: null },
    { version: 3, field: 'customFields.b', before: '2', after: '3' },
  ]);
});

test('a required field is demanded of new records and cannot be cleared; records from before stay as they are', async () => {
  const before = (await make({})).data.createContact.record as { id: string };
  const needed = await field('needed', 'TEXT', { isRequired: true });
  for (const customFields of [undefined, {}, { needed: null }, { needed: '  ' }])
    expect(faults(await make(customFields))).toEqual([['customFields.needed', 'REQUIRED']]);
  const { id } = (await make({ needed: 'x' })).data.createContact.record as { id: string };
  expect(faults(await set(id, { needed: null }))).toEqual([['customFields.needed', 'REQUIRED']]);
  const renamed = await send(
    'mutation ($id: ID!) { updateContact(id: $id, input: { lastName: "B" }) { contact { version } } }',
    before,
  );
  expect(renamed.data.updateContact.contact.version).toBe(2);
  await change('update', needed, { isRequired: false });
  expect((await make({})).errors).toBeUndefined();
});

test.each(['Company', 'Deal'])('a %s has fields of its own', async (type) => {
  await field('theirs', 'TEXT', { entity: type.toUpperCase() });
  const { data } = await make({ theirs: 'x' }, type);
  expect(data[`create${type}`].record.customFields).toEqual({ theirs: 'x' });
  expect(faults(await make({ theirs: 'x' }))).toEqual([['customFields.theirs', 'INVALID']]);
});

test('deleting a field hides its values, restoring shows them; meanwhile its key starts anew', async () => {
  const first = await field('k', 'TEXT');
  const { id } = (await make({ k: 'old' })).data.createContact.record as { id: string };
  const shown = async (): Promise<unknown> =>
    (await send('query ($id: ID!) { contact(id: $id) { customFields } }', { id })).data.contact.customFields;
  await change('delete', first);
  expect(await shown()).toEqual({});
  expect(faults(await set(id, { k: 'x' }))).toEqual([['customFields.k', 'INVALID']]);
  const second = await field('k', 'NUMBER');
  expect((await set(id, { k: '5' })).data.updateContact.contact.customFields).toEqual({ k: '5' });
  expect((await change('restore', first)).errors?.[0]?.extensions).toMatchObject({
    code: 'INVALID_INPUT',
    fields: [{ code: 'TAKEN' }],
  });
  await change('delete', second);
  expect((await change('restore', first)).data.restoreCustomField.customField).toMatchObject({ version: 3, deletedAt: null });
  expect(await shown()).toEqual({ k: 'old' });
});

test('an option that goes stays on the records that have it until they are edited', async () => {
  const id = await field('colour', 'SELECT', { options: OPTIONS });
  const record = (await make({ colour: 'blue' })).data.createContact.record as { id: string };
  expect(
    (await change('update', id, { options: [{ value: 'red', label: 'Rot' }] })).data.updateCustomField.customField,
  ).toMatchObject({
    version: 2,
    options: [{ value: 'red', label: 'Rot' }],
  });
  const { data } = await send('query ($id: ID!) { contact(id: $id) { customFields } }', record);
  expect(data.contact.customFields).toEqual({ colour: 'blue' });
  expect(faults(await set(record.id, { colour: 'blue' }))).toEqual([['customFields.colour', 'INVALID']]);
});

test('definitions are checked', async () => {
  await field('taken', 'TEXT');
  for (const [input, path] of [
    [{ key: 'taken', type: 'TEXT' }, 'key'],
    [{ key: 'Upper', type: 'TEXT' }, 'key'],
    [{ key: '1st', type: 'TEXT' }, 'key'],
    [{ key: 'x'.repeat(51), type: 'TEXT' }, 'key'],
    [{ key: 'k', type: 'TEXT', label: '  ' }, 'label'],
    [{ key: 'k', type: 'TEXT', options: OPTIONS }, 'options'],
    [{ key: 'k', type: 'SELECT' }, 'options'],
    [{ key: 'k', type: 'SELECT', options: [...OPTIONS, { value: 'red', label: 'x' }] }, 'options.2.value'],
    [{ key: 'k', type: 'SELECT', options: [{ value: 'a', label: '' }] }, 'options.0.label'],
    [{ key: 'k', type: 'MULTI_SELECT', options: OPTIONS, isSortable: true }, 'isSortable'],
  ] as const)
    expect(faults(await create(input))).toEqual([[path, expect.any(String)]]);
  expect((await create({ key: 'taken', type: 'TEXT', entity: 'DEAL' })).errors).toBeUndefined();
});

test('at most fifty fields of an entity, three of them sortable by text', async () => {
  for (let index = 1; index <= 3; index += 1) await field(`text${index}`, 'TEXT', { isSortable: true });
  expect(faults(await create({ key: 'fourth', type: 'URL', isSortable: true }))).toEqual([['isSortable', 'TOO_MANY']]);
  for (let index = 4; index <= 50; index += 1) await field(`text${index}`, 'TEXT');
  expect(faults(await create({ key: 'more', type: 'TEXT' }))).toEqual([['key', 'TOO_MANY']]);
  const { data } = await send('{ customFields(first: 100) { totalCount nodes { place } } }');
  expect(data.customFields.nodes.map(({ place }: { place: number }) => place)).toEqual(
    Array.from({ length: 50 }, (_, index) => index + 1),
  );
});

test('of two fields of one key that are made at once, one is refused', async () => {
  const answers = await Promise.all([create({ key: 'k', type: 'TEXT' }), create({ key: 'k', type: 'DATE' })]);
  expect(answers.filter(({ errors }) => errors).map(faults)).toEqual([[['key', 'TAKEN']]]);
});

test('what another organization has defined is not there', async () => {
  await field('mine', 'TEXT');
  org = await stage.world.organization();
  expect(faults(await make({ mine: 'x' }))).toEqual([['customFields.mine', 'INVALID']]);
  const { data } = await send('{ customFields { totalCount } }');
  expect(data.customFields.totalCount).toBe(0);
});
