import { openStage, type Answer, type Stage } from './support/app.js';
import type { Columns, Organization } from './support/world.js';

let stage: Stage;
let org: Organization;

beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
  const people: Columns[] = [
    { last_name: 'Müller', first_name: 'Jürgen', tags: ['vip', 'berlin'], email: 'jürgen@müller.example' },
    { last_name: 'MULLER', first_name: 'Ann_a', tags: ['vip'] },
    { last_name: 'Straße', first_name: '100%', tags: [] },
    { last_name: 'ΟΔΥΣΣΕΥΣ', first_name: '％ wide', tags: ['ithaca'] },
  ];
  for (const columns of people) await stage.world.contact(org, { email: null, ...columns });
});
afterAll(() => stage.close());

const ask = (filter: object): Promise<Answer> =>
  stage.send(
    'query ($filter: ContactFilter) { contacts(filter: $filter, orderBy: [{ createdAt: ASC }]) { nodes { lastName } } }',
    {
      token: stage.tokenOf(org),
      variables: { filter },
    },
  );

async function found(filter: object): Promise<string[]> {
  const { data, errors } = await ask(filter);
  expect(errors).toBeUndefined();
  return data.contacts.nodes.map((row: { lastName: string }) => row.lastName).sort();
}

test('contains and startsWith take case and accents of either side alike', async () => {
  for (const text of ['muller', 'MÜLL', 'mull', 'Müller'])
    expect(await found({ lastName: { startsWith: text } })).toHaveLength(2);
  expect(await found({ lastName: { contains: 'ull' } })).toEqual(['MULLER', 'Müller']);
  expect(await found({ lastName: { contains: 'strasse' } })).toEqual(['Straße']);
  expect(await found({ lastName: { startsWith: 'traße' } })).toEqual([]);
  expect(await found({ lastName: { contains: 'οδυσσευς' } })).toEqual(['ΟΔΥΣΣΕΥΣ']);
  expect(await found({ lastName: { startsWith: 'Οδυς' } })).toEqual(['ΟΔΥΣΣΕΥΣ']);
  expect(await found({ lastName: { eq: 'muller' } })).toEqual([]);
});

test('wildcards mean themselves, wide ones too', async () => {
  expect(await found({ firstName: { contains: '%' } })).toEqual(['Straße', 'ΟΔΥΣΣΕΥΣ']);
  expect(await found({ firstName: { contains: '％' } })).toEqual(['Straße', 'ΟΔΥΣΣΕΥΣ']);
  expect(await found({ firstName: { startsWith: 'ann_' } })).toEqual(['MULLER']);
  expect(await found({ firstName: { contains: '\\' } })).toEqual([]);
});

test('negative operators are exact complements: what is missing is not equal to anything', async () => {
  expect(await found({ email: { ne: 'Jürgen@Müller.example' } })).toHaveLength(3);
  expect(await found({ email: { notIn: ['Jürgen@Müller.example'] } })).toHaveLength(3);
  expect(await found({ email: { notIn: [] } })).toHaveLength(4);
  expect(await found({ not: { email: { contains: 'muller' } } })).toHaveLength(3);
  expect(await found({ tags: { hasNone: ['vip', 'ithaca'] } })).toEqual(['Straße']);
});

test('tags: any, all, none', async () => {
  expect(await found({ tags: { hasAny: ['berlin', 'ithaca'] } })).toEqual(['Müller', 'ΟΔΥΣΣΕΥΣ']);
  expect(await found({ tags: { hasAll: ['berlin', 'vip'] } })).toEqual(['Müller']);
  expect(await found({ tags: { hasAny: ['vip'], hasNone: ['berlin'] } })).toEqual(['MULLER']);
  expect(await found({ tags: { hasAll: [] } })).toHaveLength(4);
  expect(await found({ tags: { hasAny: [] } })).toEqual([]);
});

test('a filter that is too large is refused before the database is asked', async () => {
  stage.statements();
  const { errors } = await ask({ or: Array.from({ length: 150 }, (_, n) => ({ lastName: { eq: String(n) } })) });
  expect(errors?.[0]?.extensions).toMatchObject({
    code: 'INVALID_INPUT',
    fields: [{ code: 'TOO_MANY', path: expect.arrayContaining(['or']) }],
  });
  expect(errors?.[0]?.message).toMatch(/at most 200 conditions/);
  expect(stage.statements()).toEqual([]);
});
