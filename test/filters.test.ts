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

describe('through relations', () => {
  let home: Organization;
  const list = async (type: string, root: string, filter: object, role: 'MEMBER' | 'MANAGER' = 'MANAGER'): Promise<string[]> => {
    const { data, errors } = await stage.send(
      `query ($filter: ${type}Filter) { ${root}(filter: $filter) { totalCount nodes { displayName } } }`,
      { token: stage.tokenOf(home, role), variables: { filter } },
    );
    expect(errors).toBeUndefined();
    expect(data[root].totalCount).toBe(data[root].nodes.length);
    return data[root].nodes.map((row: { displayName: string }) => row.displayName).sort();
  };

  beforeAll(async () => {
    const { world } = stage;
    home = await world.organization();
    const [mine, theirs] = [home.users.MEMBER.id, home.users.MANAGER.id];
    const gone = new Date().toISOString();
    for (const [name, columns] of Object.entries({ Open: {}, Hidden: { owner_id: theirs }, Gone: { deleted_at: gone } })) {
      const company = await world.company(home, { name, industry: 'Steel', owner_id: mine, ...columns });
      await world.deal(home, { title: `At ${name}`, company_id: company, owner_id: mine, value: '10' });
    }
    await world.deal(home, { title: 'At none', owner_id: mine, value: '20', stage_id: home.stageIds[1] });
  });

  test('to one: a record that is missing or deleted meets nothing, and `not` finds it', async () => {
    expect(await list('Deal', 'deals', { company: { industry: { eq: 'Steel' } } })).toEqual(['At Hidden', 'At Open']);
    expect(await list('Deal', 'deals', { not: { company: { industry: { eq: 'Steel' } } } })).toEqual(['At Gone', 'At none']);
    expect(await list('Deal', 'deals', { company: { name: { isNull: false } } })).toHaveLength(2);
    expect(await list('Deal', 'deals', { company: {} })).toHaveLength(4);
    expect(await list('Deal', 'deals', { stage: { name: { eq: 'Second' }, pipeline: { isDefault: { eq: true } } } })).toEqual([
      'At none',
    ]);
  });

  test('to many: some, none, every', async () => {
    const dear = { value: { gt: '10' } };
    expect(await list('Company', 'companies', { deals: { some: {} } })).toEqual(['Hidden', 'Open']);
    expect(await list('Company', 'companies', { deals: { none: {} } })).toEqual([]);
    expect(await list('Company', 'companies', { deals: { some: dear } })).toEqual([]);
    expect(await list('Company', 'companies', { deals: { every: dear } })).toEqual([]);
    expect(await list('Company', 'companies', { deals: { every: { value: { lte: '10' } }, some: {} } })).toEqual([
      'Hidden',
      'Open',
    ]);
    expect(await list('Company', 'companies', { contacts: { every: { lastName: { eq: 'x' } } } })).toEqual(['Hidden', 'Open']);
  });

  test('what a member cannot see is as if it were not there, at every hop', async () => {
    await stage.world.client.query(`UPDATE organizations SET settings = '{"visibility":"OWNER"}' WHERE id = $1`, [home.id]);
    expect(await list('Deal', 'deals', { company: { industry: { eq: 'Steel' } } }, 'MEMBER')).toEqual(['At Open']);
    expect(await list('User', 'users', { companies: { some: { name: { eq: 'Hidden' } } } }, 'MEMBER')).toEqual([]);
    expect(await list('User', 'users', { deals: { some: { company: { name: { startsWith: 'h' } } } } }, 'MEMBER')).toEqual([]);
    expect(await list('User', 'users', { deals: { some: { company: { name: { startsWith: 'h' } } } } })).toHaveLength(1);
  });

  test('relations in a row and in all are bounded, with an error that says so', async () => {
    const deep = (hops: number): object =>
      hops === 0 ? { title: { eq: 'x' } } : { company: { deals: { some: deep(hops - 1) } } };
    const wide = { or: Array.from({ length: 13 }, () => ({ company: { name: { eq: 'x' } } })) };
    expect(await list('Deal', 'deals', deep(2))).toEqual([]);
    for (const [filter, message] of [
      [deep(3), /at most 4 relations in a row/],
      [wide, /at most 12 relations in all/],
    ] as const) {
      const { errors } = await stage.send('query ($filter: DealFilter) { deals(filter: $filter) { nodes { id } } }', {
        token: stage.tokenOf(home),
        variables: { filter },
      });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ code: 'TOO_MANY' }] });
      expect(errors?.[0]?.message).toMatch(message);
    }
  });
});

describe('dates from today', () => {
  let home: Organization;
  const deals = async (filter: object): Promise<string[]> => {
    const { data, errors } = await stage.send(
      'query ($f: DealFilter) { deals(filter: $f, orderBy: [{ expectedCloseDate: ASC }]) { nodes { title } } }',
      { token: stage.tokenOf(home), variables: { f: filter } },
    );
    expect(errors).toBeUndefined();
    return data.deals.nodes.map((deal: { title: string }) => deal.title);
  };
  const tasks = async (filter: object): Promise<string[]> => {
    const { data, errors } = await stage.send(
      'query ($f: ActivityFilter) { activities(filter: $f, orderBy: [{ dueDate: ASC }]) { nodes { subject } } }',
      { token: stage.tokenOf(home), variables: { f: filter } },
    );
    expect(errors).toBeUndefined();
    return data.activities.nodes.map((task: { subject: string }) => task.subject);
  };
  /** The day it is in a time zone, some days later. */
  const dayIn = (timeZone: string, days = 0): string =>
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(Date.now() + days * 86_400_000);
  const setZones = async (own: string | null, settings: object): Promise<void> => {
    await stage.world.client.query('UPDATE users SET time_zone = $1 WHERE id = $2', [own, home.users.MEMBER.id]);
    await stage.world.client.query('UPDATE organizations SET settings = $1 WHERE id = $2', [JSON.stringify(settings), home.id]);
  };

  // 25 hours apart: it is never the same day in both.
  const [EAST, WEST] = ['Pacific/Kiritimati', 'Pacific/Pago_Pago'];

  beforeAll(async () => {
    home = await stage.world.organization();
    for (const [title, days] of Object.entries({ 'two weeks ago': -14, yesterday: -1, today: 0, tomorrow: 1 })) {
      for (const zone of [EAST, WEST])
        await stage.world.deal(home, { title: `${title} ${zone}`, expected_close_date: dayIn(zone, days) });
    }
    // Both are far enough from UTC to have no daylight saving time and whole hours.
    for (const [zone, offset] of [
      [EAST, '+14:00'],
      [WEST, '-11:00'],
    ] as const) {
      const start = Date.parse(`${dayIn(zone)}T00:00:00.000${offset}`);
      for (const [subject, at] of Object.entries({
        before: start - 1,
        first: start,
        last: start + 86_399_999,
        after: start + 86_400_000,
      }))
        await stage.world.activity(home, { subject: `${subject} ${zone}`, due_date: new Date(at).toISOString() });
    }
  });

  test.each([
    ['the viewer’s time zone', EAST, { timeZone: WEST }, EAST],
    ['else the organization’s', null, { timeZone: WEST }, WEST],
  ])('count in %s', async (_, own, settings, zone) => {
    await setZones(own, settings);
    const only = (found: string[]): string[] =>
      found.filter((name) => name.endsWith(zone)).map((name) => name.replace(` ${zone}`, ''));
    expect(only(await deals({ expectedCloseDate: { eq: 'P0D' } }))).toEqual(['today']);
    expect(only(await deals({ expectedCloseDate: { gt: '-P2W', lte: 'P0D' } }))).toEqual(['yesterday', 'today']);
    expect(only(await deals({ expectedCloseDate: { in: ['P0D', '-P14D'] } }))).toEqual(['two weeks ago', 'today']);
    expect(only(await deals({ expectedCloseDate: { notIn: ['P0D', '-P14D'] } }))).toEqual(['yesterday', 'tomorrow']);
    expect(only(await tasks({ dueDate: { gte: 'P0D', lt: 'P1D' } }))).toEqual(['first', 'last']);
    expect(only(await tasks({ dueDate: { lt: 'P0D' } }))).toEqual(['before']);
  });

  test('with hours, minutes or seconds they count from now', async () => {
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    await stage.world.activity(home, { subject: 'in an hour', due_date: soon });
    const within = async (to: string): Promise<boolean> =>
      (await tasks({ dueDate: { gt: 'PT0S', lt: to } })).includes('in an hour');
    expect([await within('PT59M'), await within('PT61M'), await within('P1DT1S')]).toEqual([false, true, true]);
  });

  test('a cursor is bound to the filter as it was given, and bad durations are refused', async () => {
    const page = (filter: string, after?: string): Promise<Answer> =>
      stage.send(
        `{ deals(first: 1, ${after ? `after: "${after}", ` : ''}filter: { expectedCloseDate: { gte: "${filter}" } }) { nodes { id } pageInfo { endCursor } } }`,
        {
          token: stage.tokenOf(home),
        },
      );
    const { endCursor } = (await page('-P2W')).data.deals.pageInfo;
    expect((await page('-P2W', endCursor)).data.deals.nodes).toHaveLength(1);
    expect((await page('-P14D', endCursor)).errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
    for (const bad of ['P', '-P1.5D', 'P1D1Y', '-PT1H', 'P9999Y', 'yesterday']) {
      const { errors, status } = await page(bad);
      expect([status < 500, errors?.[0]?.extensions.code]).toEqual([true, expect.not.stringMatching('INTERNAL')]);
    }
  });
});
