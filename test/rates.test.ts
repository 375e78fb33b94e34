import fc from 'fast-check';
import type { Role } from '../src/caller.js';
import { openStage, type Answer, type Stage } from './support/app.js';
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

const send = (query: string, variables: Record<string, unknown> = {}, role: Role = 'ADMIN', of = org): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(of, role), variables });

interface Rate {
  fromCurrency: string;
  toCurrency: string;
  rate: string;
  validFrom: string;
}

const SET = `mutation ($i: SetExchangeRateInput!) { setExchangeRate(input: $i) {
  exchangeRate { id fromCurrency toCurrency rate validFrom version deletedAt displayName viewerCan { update delete } } } }`;

async function set(
  fromCurrency: string,
  toCurrency: string,
  rate: string,
  validFrom = '2020-01-01',
): Promise<Rate & { id: string }> {
  const { data, errors } = await send(SET, { i: { fromCurrency, toCurrency, rate, validFrom } });
  expect(errors).toBeUndefined();
  return data.setExchangeRate.exchangeRate;
}

const remove = (id: string): Promise<Answer> =>
  send('mutation ($id: ID!) { deleteExchangeRate(id: $id) { exchangeRate { deletedAt version } } }', { id });
const deal = (currency: string, value: string | null, columns: Columns = {}): Promise<string> =>
  stage.world.deal(org, { currency, value, ...columns });
const closedOn = (moment: string): Columns => ({ status: 'WON', closed_at: moment });

async function sum(currency: string): Promise<string> {
  const { data, errors } = await send('query ($c: CurrencyCode) { dealAggregates(inCurrency: $c) { sum currency } }', {
    c: currency,
  });
  expect(errors).toBeUndefined();
  expect(data.dealAggregates).toEqual([{ sum: expect.any(String), currency }]);
  return data.dealAggregates[0].sum;
}

const facts = async (): Promise<unknown[]> =>
  (
    await stage.world.client.query(
      `SELECT action, entity_version AS version FROM audit_logs WHERE org_id = $1 AND entity_type = 'ExchangeRate' ORDER BY seq`,
      [org.id],
    )
  ).rows;

test('a rate is set once for its currencies and day: replaced, deleted and restored under the same id, with a fact each', async () => {
  const first = await set('USD', 'EUR', '0.9');
  expect(first).toMatchObject({
    fromCurrency: 'USD',
    toCurrency: 'EUR',
    rate: '0.9',
    validFrom: '2020-01-01',
    version: 1,
    deletedAt: null,
    displayName: 'USD → EUR, 2020-01-01',
    viewerCan: { update: true, delete: true },
  });
  expect(await set('USD', 'EUR', '0.900')).toEqual(first);
  expect(await set('USD', 'EUR', '0.950000000001')).toMatchObject({ id: first.id, rate: '0.950000000001', version: 2 });
  expect((await set('EUR', 'USD', '1.1')).id).not.toBe(first.id);
  expect((await remove(first.id)).data.deleteExchangeRate.exchangeRate).toMatchObject({
    deletedAt: expect.any(String),
    version: 3,
  });
  expect((await remove(first.id)).data.deleteExchangeRate.exchangeRate.version).toBe(3);
  const list = '{ exchangeRates { totalCount nodes { fromCurrency } } all: exchangeRates(includeDeleted: WITH) { totalCount } }';
  expect((await send(list)).data).toEqual({
    exchangeRates: { totalCount: 1, nodes: [{ fromCurrency: 'EUR' }] },
    all: { totalCount: 2 },
  });
  expect(await set('USD', 'EUR', '0.95')).toMatchObject({ id: first.id, rate: '0.95', version: 4, deletedAt: null });
  expect(await facts()).toEqual([
    { action: 'CREATE', version: 1 },
    { action: 'UPDATE', version: 2 },
    { action: 'CREATE', version: 1 },
    { action: 'DELETE', version: 3 },
    { action: 'RESTORE', version: 4 },
  ]);
});

test('only administrators and owners set and delete rates; everybody reads them', async () => {
  const { id } = await set('USD', 'EUR', '0.9');
  const input = { fromCurrency: 'USD', toCurrency: 'EUR', rate: '2', validFrom: '2020-01-01' };
  for (const role of ['MANAGER', 'MEMBER', 'VIEWER'] as const) {
    expect((await send(SET, { i: input }, role)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    const { data } = await send(`{ exchangeRates { nodes { id rate viewerCan { update delete restore } } } }`, {}, role);
    expect(data.exchangeRates.nodes).toEqual([{ id, rate: '0.9', viewerCan: { update: false, delete: false, restore: false } }]);
  }
});

test('who may not leaves no trace', async () => {
  const input = { fromCurrency: 'USD', toCurrency: 'EUR', rate: '2', validFrom: '2020-01-01' };
  expect((await send(SET, { i: input }, 'MEMBER')).data).toEqual({ setExchangeRate: null });
  expect(await facts()).toEqual([]);
  expect((await send('{ exchangeRates(includeDeleted: WITH) { totalCount } }')).data.exchangeRates.totalCount).toBe(0);
});

test('what is no rate is refused', async () => {
  const input = { fromCurrency: 'USD', toCurrency: 'EUR', rate: '1', validFrom: '2020-01-01' };
  for (const rate of ['0', '-1', '0.000', '1e3', 'NaN', '1.0000000000001', '1234567890123', '', ' 1', '1,5', 1.5]) {
    const { errors } = await send(SET, { i: { ...input, rate } });
    expect([rate, errors?.[0]?.extensions.code]).toEqual([rate, 'BAD_USER_INPUT']);
  }
  const { errors } = await send(SET, { i: { ...input, toCurrency: 'USD' } });
  expect(errors?.[0]).toMatchObject({
    message: 'Both currencies are the same. Name two.',
    extensions: { code: 'INVALID_INPUT' },
  });
});

test('setting the same rate at once leaves one row', async () => {
  const input = { fromCurrency: 'USD', toCurrency: 'EUR', validFrom: '2020-01-01' };
  const answers = await Promise.all(['1', '2', '3', '4', '5', '6'].map((rate) => send(SET, { i: { ...input, rate } })));
  expect(answers.flatMap(({ errors }) => errors ?? [])).toEqual([]);
  expect((await send('{ exchangeRates { totalCount nodes { version } } }')).data.exchangeRates).toEqual({
    totalCount: 1,
    nodes: [{ version: 6 }],
  });
});

test('closed deals take the rate of their day, open ones today’s, without a digit lost', async () => {
  await set('USD', 'EUR', '0.5', '2024-01-01');
  await set('USD', 'EUR', '0.25', '2025-01-01');
  await set('USD', 'EUR', '100', '2999-01-01');
  await deal('USD', '9007199254740993.10', closedOn('2024-12-31T12:00:00Z'));
  expect(await sum('EUR')).toBe('4503599627370496.55');
  await deal('USD', '100', closedOn('2025-01-01T00:00:00Z'));
  await deal('USD', '10');
  await deal('EUR', '0.01');
  await deal('USD', null);
  expect(await sum('EUR')).toBe('4503599627370524.06');
});

test('a day begins in the time zone of the organization', async () => {
  await set('USD', 'EUR', '1', '2025-01-01');
  await set('USD', 'EUR', '2', '2025-06-01');
  await deal('USD', '10', closedOn('2025-05-31T22:30:00Z'));
  expect(await sum('EUR')).toBe('10.00');
  await stage.world.client.query(`UPDATE organizations SET settings = '{"timeZone": "Europe/Berlin"}' WHERE id = $1`, [org.id]);
  expect(await sum('EUR')).toBe('20.00');
});

test('a missing rate is an error that names the currencies and the day; it is neither guessed, turned around nor taken from elsewhere', async () => {
  await set('EUR', 'USD', '1.1');
  const theirs = await stage.world.organization();
  await send(SET, { i: { fromCurrency: 'USD', toCurrency: 'EUR', rate: '2', validFrom: '2020-01-01' } }, 'ADMIN', theirs);
  const late = await set('USD', 'EUR', '0.9', '2025-07-01');
  await deal('USD', '10', closedOn('2025-06-30T12:00:00Z'));
  const missing = async (): Promise<unknown> => {
    const { data, errors } = await send('{ dealAggregates(inCurrency: "EUR") { sum } }');
    expect(data).toEqual({ dealAggregates: null });
    return errors?.[0];
  };
  const error = {
    message:
      'There is no exchange rate from USD to EUR for 2025-06-30. Set one that is valid from then or before, or leave `inCurrency` out.',
    extensions: { code: 'INVALID_INPUT', fields: [{ path: ['inCurrency'], code: 'RATE_MISSING' }] },
  };
  expect(await missing()).toMatchObject(error);
  const early = await set('USD', 'EUR', '0.8', '2025-06-30');
  expect(await sum('EUR')).toBe('8.00');
  await remove(early.id);
  expect(await missing()).toMatchObject(error);
  expect(late.validFrom).toBe('2025-07-01');
});

test('a deal without a value needs no rate, and groups by currency stay what they are when converted', async () => {
  await set('USD', 'EUR', '0.5');
  await deal('GBP', null);
  await deal('USD', '10');
  await deal('USD', '20');
  await deal('EUR', '7');
  const { data } = await send(
    '{ dealAggregates(groupBy: [CURRENCY], inCurrency: "EUR") { count currency sum avg min max p50 p90 keys { currency } } }',
  );
  const none = { avg: null, min: null, max: null, p50: null, p90: null };
  expect(data.dealAggregates).toEqual([
    {
      count: 1,
      currency: 'EUR',
      sum: '7.00',
      avg: '7.00',
      min: '7.00',
      max: '7.00',
      p50: '7.00',
      p90: '7.00',
      keys: { currency: 'EUR' },
    },
    { count: 1, currency: 'EUR', sum: '0.00', ...none, keys: { currency: 'GBP' } },
    {
      count: 2,
      currency: 'EUR',
      sum: '15.00',
      avg: '7.50',
      min: '5.00',
      max: '10.00',
      p50: '5.00',
      p90: '10.00',
      keys: { currency: 'USD' },
    },
  ]);
});

test('sums of random deals at random rates are those of exact arithmetic, rounded once', async () => {
  const day = fc.integer({ min: 0, max: 400 }).map((days) => new Date(Date.UTC(2024, 0, 1 + days)).toISOString().slice(0, 10));
  const rates = fc.uniqueArray(fc.record({ day, micro: fc.integer({ min: 1, max: 5_000_000 }) }), {
    selector: (rate) => rate.day,
    maxLength: 6,
  });
  const deals = fc.array(fc.record({ day, cents: fc.bigInt({ min: 0n, max: 10n ** 19n }), foreign: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  });
  const property = async (
    given: { day: string; micro: number }[],
    sold: { day: string; cents: bigint; foreign: boolean }[],
  ): Promise<void> => {
    org = await stage.world.organization();
    const known = [{ day: '2024-01-01', micro: 1_234_567 }, ...given.filter((rate) => rate.day > '2024-01-01')];
    for (const rate of known) await set('USD', 'EUR', (rate.micro / 1e6).toFixed(6), rate.day);
    for (const { day: on, cents, foreign } of sold) {
      const text = cents.toString().padStart(3, '0');
      await deal(foreign ? 'USD' : 'EUR', `${text.slice(0, -2)}.${text.slice(-2)}`, closedOn(`${on}T12:00:00Z`));
    }
    const rateOn = (on: string): bigint =>
      BigInt(known.filter((rate) => rate.day <= on).sort((a, b) => (a.day < b.day ? 1 : -1))[0]?.micro ?? 0);
    const micros = sold.reduce((total, { day: on, cents, foreign }) => total + cents * (foreign ? rateOn(on) : 1_000_000n), 0n);
    const rounded = ((micros + 500_000n) / 1_000_000n).toString().padStart(3, '0');
    expect(await sum('EUR')).toBe(`${rounded.slice(0, -2)}.${rounded.slice(-2)}`);
  };
  await fc.assert(fc.asyncProperty(rates, deals, property), { numRuns: 15 });
}, 60_000);
