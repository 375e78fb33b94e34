import fc from 'fast-check';
import type { Role } from '../src/caller.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { STEPS, send as sendIn, type Run } from './support/changes.js';
import type { Columns, Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const send = (query: string, variables: Record<string, unknown> = {}, role: Role = 'OWNER'): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables });
const ask = async (query: string, variables: Record<string, unknown> = {}, role: Role = 'OWNER'): Promise<Answer['data']> => {
  const { data, errors } = await send(query, variables, role);
  expect(errors).toBeUndefined();
  return data;
};
const sql = (text: string, values: unknown[]): Promise<unknown> => stage.world.client.query(text, values);
const settings = (value: object): Promise<unknown> =>
  sql('UPDATE organizations SET settings = $1 WHERE id = $2', [JSON.stringify(value), org.id]);
const deal = (columns: Columns): Promise<string> => stage.world.deal(org, columns);
const won = (day: string, columns: Columns = {}): Promise<string> =>
  deal({ status: 'WON', closed_at: `${day}T12:00:00Z`, ...columns });
const lost = (day: string, columns: Columns = {}): Promise<string> =>
  deal({ status: 'LOST', closed_at: `${day}T12:00:00Z`, ...columns });

/** What happened to a deal: at a moment it came into a stage, by its place, or got a state. */
async function history(dealId: string, steps: [at: string, place: number, more?: Columns][]): Promise<void> {
  await stage.world.insert(
    'deal_history',
    steps.map(([at, place, more], seq) => ({
      org_id: org.id,
      id: `00000000-0000-7000-8000-${Math.random().toString(16).slice(2, 14).padEnd(12, '0')}`,
      deal_id: dealId,
      at: at.length === 10 ? `${at}T12:00:00Z` : at,
      seq,
      pipeline_id: org.pipelineId,
      stage_id: org.stageIds[place],
      status: 'OPEN',
      value: '10',
      currency: 'EUR',
      is_deleted: false,
      ...more,
    })),
  );
}

const PERIOD = 'from: "2026-01-01", to: "2026-12-31"';
const REPORTS = {
  forecast: `forecast(groupBy: [OWNER]) { openCount wonCount openSum wonSum currency keys { owner { id } } }`,
  leaderboard: `leaderboard(${PERIOD}) { wonCount lostCount wonSum owner { id } }`,
  velocity: `velocity(${PERIOD}) { wonCount lostCount won { count sum } stages { dealCount } }`,
  conversion: `conversion(pipelineId: $p, ${PERIOD}) { created won lost stages { reached advanced } }`,
  pipelineAsOf: `pipelineAsOf(date: "2026-06-30") { stages { count totals { count sum } } }`,
};

describe('forecast', () => {
  const FIGURES = 'currency openCount openSum openWeightedSum wonCount wonSum expectedSum';

  test('weighs open deals by their stage, counts won ones whole and lost ones not at all', async () => {
    await deal({ value: '9007199254740993.10' });
    await deal({ value: '0.01', stage_id: org.stageIds[2] });
    await deal({ value: null });
    await won('2026-03-01', { value: '7.05' });
    await lost('2026-03-01', { value: '1000' });
    await deal({ value: '50', currency: 'USD', stage_id: org.stageIds[1] });
    expect((await ask(`{ forecast { ${FIGURES} } }`)).forecast).toEqual([
      {
        currency: 'EUR',
        openCount: 3,
        openSum: '9007199254740993.11',
        openWeightedSum: '2251799813685248.28',
        wonCount: 1,
        wonSum: '7.05',
        expectedSum: '2251799813685255.33',
      },
      {
        currency: 'USD',
        openCount: 1,
        openSum: '50.00',
        openWeightedSum: '25.00',
        wonCount: 0,
        wonSum: '0.00',
        expectedSum: '25.00',
      },
    ]);
  });

  test('is by month, owner and pipeline, within a period when there is one', async () => {
    await deal({ value: '1', expected_close_date: '2026-03-31', owner_id: org.users.MEMBER.id });
    await deal({ value: '2', expected_close_date: '2026-04-01' });
    await deal({ value: '4' });
    await won('2026-03-15', { value: '8', expected_close_date: '2026-04-20' });
    const by = async (args: string): Promise<unknown> =>
      (await ask(`{ forecast(${args}) { openSum wonSum keys { month owner { id } pipeline { id } } } }`)).forecast;
    const none = { owner: null, pipeline: null };
    const march = { keys: { month: '2026-03-01', ...none }, openSum: '1.00', wonSum: '8.00' };
    const april = { keys: { month: '2026-04-01', ...none }, openSum: '2.00', wonSum: '0.00' };
    const never = { keys: { month: null, ...none }, openSum: '4.00', wonSum: '0.00' };
    expect(await by('groupBy: [MONTH]')).toEqual([march, april, never]);
    expect(await by('groupBy: [MONTH], from: "2026-03-01", to: "2026-03-31"')).toEqual([march]);
    expect(await by('groupBy: [MONTH], filter: { value: { gte: "2" } }, to: "2026-04-01"')).toEqual([
      { ...march, openSum: '0.00' },
      april,
    ]);
    expect(await by('groupBy: [OWNER, PIPELINE]')).toEqual([
      {
        keys: { month: null, owner: { id: org.users.MEMBER.id }, pipeline: { id: org.pipelineId } },
        openSum: '1.00',
        wonSum: '0.00',
      },
      { keys: { month: null, owner: null, pipeline: { id: org.pipelineId } }, openSum: '6.00', wonSum: '8.00' },
    ]);
    expect(await by(`pipelineId: "${org.pipelineId}"`)).toHaveLength(1);
    expect(await by('pipelineId: "00000000-0000-7000-8000-000000000001"')).toEqual([]);
    expect(await by('pipelineId: "none"')).toEqual([]);
  });

  test('converts open deals by today’s rate and won ones by the rate of their day', async () => {
    await stage.world.rate(org, { rate: '0.5', valid_from: '2026-01-01' });
    await stage.world.rate(org, { rate: '2', valid_from: '2026-02-01' });
    await won('2026-01-31', { value: '10', currency: 'USD' });
    await deal({ value: '100', currency: 'USD' });
    await deal({ value: '1' });
    const { forecast } = await ask(`{ forecast(inCurrency: "EUR", groupBy: [CURRENCY]) { ${FIGURES} keys { currency } } }`);
    expect(forecast).toEqual([
      expect.objectContaining({ currency: 'EUR', openSum: '1.00', keys: { currency: 'EUR' } }),
      expect.objectContaining({
        currency: 'EUR',
        openSum: '200.00',
        wonSum: '5.00',
        expectedSum: '55.00',
        keys: { currency: 'USD' },
      }),
    ]);
  });
});

test('the leaderboard ranks who won within the period, in each currency or in one', async () => {
  const [ada, ben] = [org.users.MANAGER.id, org.users.MEMBER.id];
  await won('2026-01-01', { owner_id: ada, value: '100' });
  await won('2026-12-31', { owner_id: ada, value: '1', currency: 'USD' });
  await won('2026-05-05', { owner_id: ben, value: '99.99' });
  await lost('2026-05-05', { owner_id: ben, value: '5' });
  await won('2025-12-31', { owner_id: ben, value: '5000' });
  await won('2027-01-01', { owner_id: ben, value: '5000' });
  const board = async (more = ''): Promise<unknown> =>
    (await ask(`{ leaderboard(${PERIOD}${more}) { rank owner { id } currency wonCount wonSum lostCount winRate } }`)).leaderboard;
  const first = { rank: 1, owner: { id: ada }, currency: 'EUR', wonCount: 1, wonSum: '100.00', lostCount: 0, winRate: 1 };
  const second = { rank: 2, owner: { id: ben }, currency: 'EUR', wonCount: 1, wonSum: '99.99', lostCount: 1, winRate: 0.5 };
  expect(await board()).toEqual([first, second, { ...first, currency: 'USD', wonSum: '1.00' }]);
  await stage.world.rate(org, { rate: '3', valid_from: '2020-01-01' });
  expect(await board(', inCurrency: "EUR"')).toEqual([{ ...first, wonCount: 2, wonSum: '103.00' }, second]);
});

test('conversion follows cohorts from stage to stage: who skipped a stage has reached it, who won has reached all', async () => {
  const far = await deal({ stage_id: org.stageIds[2] });
  await history(far, [
    ['2026-01-10', 0],
    ['2026-02-10', 2],
  ]);
  const back = await lost('2026-03-01', { stage_id: org.stageIds[0] });
  await history(back, [
    ['2026-01-20', 0],
    ['2026-02-01', 1],
    ['2026-02-02', 0],
    ['2026-03-01', 0, { status: 'LOST' }],
  ]);
  const early = await won('2026-02-20');
  await history(early, [
    ['2026-02-15', 0],
    ['2026-02-20', 0, { status: 'WON' }],
  ]);
  const outside = await deal({});
  await history(outside, [['2025-12-31', 0]]);
  const deleted = await deal({ deleted_at: '2026-05-01T00:00:00Z' });
  await history(deleted, [['2026-01-11', 2]]);
  const cohorts = async (by: string): Promise<unknown> =>
    (
      await ask(
        `query ($p: ID!) { conversion(pipelineId: $p, ${PERIOD} ${by}) { period created won lost winRate stages { reached advanced rate stage { name } } } }`,
        { p: org.pipelineId },
      )
    ).conversion;
  const line = (name: string, reached: number, advanced: number): object => ({
    stage: { name },
    reached,
    advanced,
    rate: reached ? advanced / reached : null,
  });
  const january = {
    ...{ period: '2026-01-01', created: 2, won: 0, lost: 1, winRate: 0 },
    stages: [line('First', 2, 2), line('Second', 2, 1), line('Third', 1, 0)],
  };
  const february = {
    ...{ period: '2026-02-01', created: 1, won: 1, lost: 0, winRate: 1 },
    stages: [line('First', 1, 1), line('Second', 1, 1), line('Third', 1, 1)],
  };
  expect(await cohorts('by: MONTH')).toEqual([january, february]);
  const whole = {
    ...{ period: '2026-01-01', created: 3, won: 1, lost: 1, winRate: 1 / 3 },
    stages: [line('First', 3, 3), line('Second', 3, 2), line('Third', 2, 1)],
  };
  for (const by of ['', 'by: QUARTER', 'by: YEAR']) expect(await cohorts(by)).toEqual([whole]);
});

test('velocity tells days in each stage and on the way, win rate and size of what was closed within the period', async () => {
  const one = await won('2026-03-11', { created_at: '2026-03-01T12:00:00Z', value: '100.01' });
  await history(one, [
    ['2026-03-01', 0],
    ['2026-03-03', 1],
    ['2026-03-04', 0],
    ['2026-03-11', 0, { status: 'WON' }],
  ]);
  const two = await won('2026-03-05', { created_at: '2026-03-01T12:00:00Z', value: '50' });
  await history(two, [
    ['2026-03-01', 0],
    ['2026-03-05', 0, { status: 'WON' }],
    ['2026-03-20', 0, { status: 'WON', value: '50' }],
  ]);
  await lost('2026-04-01', { value: '7' });
  await won('2025-04-01', { value: '7' });
  const { velocity } = await ask(
    `{ velocity(${PERIOD}) { wonCount lostCount winRate averageCycleDays medianCycleDays won { currency count sum avg } stages { dealCount averageDays medianDays stage { name } } } }`,
  );
  expect(velocity).toEqual({
    ...{ wonCount: 2, lostCount: 1, winRate: 2 / 3, averageCycleDays: 7, medianCycleDays: 7 },
    won: [{ currency: 'EUR', count: 2, sum: '150.01', avg: '75.01' }],
    stages: [
      { stage: { name: 'First' }, dealCount: 2, averageDays: 6.5, medianDays: 6.5 },
      { stage: { name: 'Second' }, dealCount: 1, averageDays: 1, medianDays: 1 },
    ],
  });
  const empty = await ask(
    `{ velocity(from: "2020-01-01", to: "2020-01-01") { wonCount winRate averageCycleDays won { sum } stages { dealCount } } }`,
  );
  expect(empty.velocity).toEqual({ wonCount: 0, winRate: null, averageCycleDays: null, won: [], stages: [] });
});

describe('pipelineAsOf', () => {
  const BOARD = 'stages { name probability count totals { currency count sum weightedSum } }';

  interface Seen {
    at: string;
    board: unknown;
  }

  /** The board as the API shows it now, and a moment at which it was so. */
  async function look(run: Run): Promise<Seen> {
    const { data } = await sendIn(
      run,
      'query ($id: ID!) { pipeline(id: $id) { name stages { name probability deals { totalCount totals { currency count sum weightedSum } } } } }',
      { id: run.org.pipelineId },
    );
    await new Promise((resolve) => setTimeout(resolve, 2));
    const at = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 2));
    const stages = data.pipeline.stages as {
      name: string;
      probability: number;
      deals: { totalCount: number; totals: object[] };
    }[];
    return {
      at,
      board: {
        name: data.pipeline.name,
        stages: stages.map(({ name, probability, deals }) => ({
          name,
          probability,
          count: deals.totalCount,
          totals: deals.totals,
        })),
      },
    };
  }

  test('shows the board of any moment of a random sequence of moves, edits and deletions', async () => {
    const steps = fc.array(fc.tuple(fc.constantFrom(...Object.keys(STEPS), 'make', 'move', 'remove'), fc.nat(1000)), {
      minLength: 8,
      maxLength: 25,
    });
    const property = async (sequence: [string, number][]): Promise<void> => {
      const run: Run = { stage, org: await stage.world.organization(), deals: [] };
      const seen: Seen[] = [];
      for (const [name, pick] of [['make', 1], ['make', 2], ...sequence] as [string, number][]) {
        const answer = await STEPS[name]?.(run, pick);
        for (const error of answer?.errors ?? []) expect(['INVALID_INPUT', 'NOT_FOUND']).toContain(error.extensions.code);
        seen.push(await look(run));
      }
      for (const { at, board } of seen) {
        const { data } = await sendIn(
          run,
          `query ($at: DateTime, $p: ID) { pipelineAsOf(pipelineId: $p, at: $at) { name ${BOARD} } }`,
          {
            at,
            p: run.org.pipelineId,
          },
        );
        expect(data.pipelineAsOf).toEqual(board);
      }
    };
    await fc.assert(fc.asyncProperty(steps, property), { numRuns: 10 });
  }, 120_000);

  test('takes names, values and states from then; a deal that was deleted or went elsewhere since is still where it was', async () => {
    const gone = await deal({ value: '99', deleted_at: '2026-08-01T00:00:00Z' });
    await history(gone, [
      ['2026-01-01', 1, { value: '5' }],
      ['2026-07-31', 2, { value: '99' }],
      ['2026-08-01T00:00:00Z', 2, { value: '99', is_deleted: true }],
    ]);
    const stages = [
      { id: org.stageIds[1], name: 'Was second', probability: 10 },
      { id: '00000000-0000-7000-8000-00000000000a', name: 'Gone', probability: 20 },
    ];
    await sql(
      `INSERT INTO pipeline_history (org_id, id, pipeline_id, at, seq, name, stages, is_deleted) VALUES
         ($1, gen_random_uuid(), $2, '2026-01-01', 0, 'Old name', $3, false), ($1, gen_random_uuid(), $2, '2026-07-01', 0, 'Closed', $3, true)`,
      [org.id, org.pipelineId, JSON.stringify(stages)],
    );
    const asOf = async (args: string): Promise<unknown> =>
      (
        await ask(
          `{ pipelineAsOf(${args}) { name pipeline { name } stages { name count stage { name } totals { sum weightedSum } } } }`,
        )
      ).pipelineAsOf;
    expect(await asOf('date: "2026-06-30"')).toEqual({
      name: 'Old name',
      pipeline: { name: 'Sales' },
      stages: [
        { name: 'Was second', count: 1, stage: { name: 'Second' }, totals: [{ sum: '5.00', weightedSum: '0.50' }] },
        { name: 'Gone', count: 0, stage: null, totals: [] },
      ],
    });
    expect(await asOf('date: "2026-06-30", statuses: [WON]')).toMatchObject({ stages: [{ count: 0 }, { count: 0 }] });
    expect(await asOf('at: "2026-07-02T00:00:00Z"')).toBeNull();
    expect(await asOf('at: "1969-01-01T00:00:00Z"')).toBeNull();
    expect(await asOf('date: "2026-06-30", pipelineId: "none"')).toBeNull();
  });

  test('a date is the end of that day where the organization is, and rates are those of that day', async () => {
    const one = await deal({ value: '10', currency: 'USD' });
    await history(one, [['2026-03-31T22:30:00Z', 0, { currency: 'USD' }]]);
    const counts = async (): Promise<number[]> =>
      (await ask('{ pipelineAsOf(date: "2026-03-31") { stages { count } } }')).pipelineAsOf.stages.map(
        ({ count }: { count: number }) => count,
      );
    expect(await counts()).toEqual([1, 0, 0]);
    await settings({ timeZone: 'Europe/Berlin' });
    expect(await counts()).toEqual([0, 0, 0]);
    await stage.world.rate(org, { rate: '3', valid_from: '2026-04-01' });
    await stage.world.rate(org, { rate: '4', valid_from: '2026-04-02' });
    const query = 'query ($d: LocalDate) { pipelineAsOf(date: $d, inCurrency: "EUR") { stages { totals { currency sum } } } }';
    expect((await ask(query, { d: '2026-04-01' })).pipelineAsOf.stages[0].totals).toEqual([{ currency: 'EUR', sum: '30.00' }]);
    expect((await ask(query, { d: '2026-04-02' })).pipelineAsOf.stages[0].totals).toEqual([{ currency: 'EUR', sum: '40.00' }]);
  });

  test('one moment is named, as a day or as a moment', async () => {
    for (const args of ['', '(date: "2026-01-01", at: "2026-01-01T00:00:00Z")']) {
      const { data, errors } = await send(`{ pipelineAsOf${args} { name } }`);
      expect(data).toEqual({ pipelineAsOf: null });
      expect(errors?.[0]).toMatchObject({ message: 'Give either `date` or `at`.', extensions: { code: 'INVALID_INPUT' } });
    }
  });
});

describe('what the caller could not read one by one is in no report', () => {
  const of: Record<string, unknown> = {
    forecast: [{ openCount: 1, wonCount: 1, openSum: '1.00', wonSum: '2.00', currency: 'EUR' }],
    leaderboard: [{ wonCount: 1, lostCount: 0, wonSum: '2.00' }],
    velocity: { wonCount: 1, lostCount: 0, won: [{ count: 1, sum: '2.00' }], stages: [{ dealCount: 1 }] },
    conversion: [
      {
        created: 2,
        won: 1,
        lost: 0,
        stages: [
          { reached: 2, advanced: 1 },
          { reached: 1, advanced: 1 },
          { reached: 1, advanced: 1 },
        ],
      },
    ],
    pipelineAsOf: {
      stages: [
        { count: 2, totals: [{ count: 2, sum: '20.00' }] },
        { count: 0, totals: [] },
        { count: 0, totals: [] },
      ],
    },
  };

  /** An open and a won deal, with their histories. */
  async function fill(columns: Columns): Promise<void> {
    const open = await deal({ value: '1', ...columns });
    const sold = await won('2026-03-01', { value: '2', ...columns });
    await history(open, [['2026-01-01', 0]]);
    await history(sold, [
      ['2026-01-01', 0],
      ['2026-03-01', 0, { status: 'WON' }],
    ]);
  }

  async function check(role: Role): Promise<void> {
    for (const [name, query] of Object.entries(REPORTS)) {
      stage.statements();
      const data = await ask(`query ${name === 'conversion' ? '($p: ID!)' : ''} { ${query} }`, { p: org.pipelineId }, role);
      const records = query.includes('owner {') ? 1 : 0;
      expect([name, stage.statements().length - records]).toEqual([name, 2]);
      expect([name, data[name]]).toMatchObject([name, of[name]]);
    }
  }

  test('of another organization', async () => {
    const mine = org;
    org = await stage.world.organization();
    await fill({});
    org = mine;
    await fill({ owner_id: org.users.MEMBER.id });
    await check('OWNER');
  });

  test('of colleagues, where members see only their own', async () => {
    await fill({ owner_id: org.users.ADMIN.id });
    await fill({ owner_id: org.users.MEMBER.id });
    await settings({ visibility: 'OWNER' });
    await check('MEMBER');
    const { leaderboard } = await ask(`{ ${REPORTS.leaderboard} }`, {}, 'MANAGER');
    expect(leaderboard).toHaveLength(2);
  });

  test('of what was deleted, but for boards of a time before that', async () => {
    await fill({ owner_id: org.users.MEMBER.id });
    const { pipelineAsOf, ...others } = REPORTS;
    await deal({ value: '1', deleted_at: '2026-07-01T00:00:00Z' });
    const sold = await won('2026-03-01', { deleted_at: '2026-07-01T00:00:00Z' });
    await history(sold, [['2026-01-01', 0]]);
    for (const [name, query] of Object.entries(others)) {
      const data = await ask(`query ${name === 'conversion' ? '($p: ID!)' : ''} { ${query} }`, { p: org.pipelineId });
      expect([name, data[name]]).toMatchObject([name, of[name]]);
    }
    expect((await ask(`{ ${pipelineAsOf} }`)).pipelineAsOf.stages[0].count).toBe(3);
  });
});

test('a period that ends before it begins, and a rate that is missing, are refused by every report', async () => {
  await won('2026-03-01', { value: '5', currency: 'USD' });
  const sold = await won('2026-03-01', { value: '5', currency: 'USD' });
  await history(sold, [['2026-01-01', 0, { currency: 'USD' }]]);
  for (const field of ['forecast', 'leaderboard', 'velocity', `conversion`]) {
    const args = `from: "2026-02-01", to: "2026-01-31" ${field === 'conversion' ? `pipelineId: "${org.pipelineId}"` : ''}`;
    const { data, errors } = await send(`{ ${field}(${args}) { __typename } }`);
    expect(data).toEqual({ [field]: null });
    expect(errors?.[0]?.extensions.fields).toEqual([expect.objectContaining({ path: ['to'], code: 'OUT_OF_RANGE' })]);
  }
  for (const field of ['forecast', `leaderboard(${PERIOD})`, `velocity(${PERIOD})`, 'pipelineAsOf(date: "2026-05-01")']) {
    const [name = '', rest = ')'] = field.split('(');
    const { data, errors } = await send(`{ ${name}(inCurrency: "EUR" ${rest} { __typename } }`);
    expect(data).toEqual({ [name]: null });
    expect(errors?.[0]?.message).toMatch(/^There is no exchange rate from USD to EUR for 2026-0[35]-01\./);
  }
});
