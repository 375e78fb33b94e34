import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
  isObjectType,
  Kind,
  parse,
  type OperationDefinitionNode,
} from 'graphql';
import { EXAMPLES } from '../explorer/examples.js';
import { PLANS, withBudgets, type Plans } from '../src/domain/budgets/plans.js';
import { graph } from '../src/domain/index.js';
import { executeCompiled } from '../src/graphql/compiled/index.js';
import { pricer, type Price } from '../src/graphql/price/index.js';
import { ROW_WEIGHTS, ROWS, WEIGHTS } from '../src/graphql/price/weights.js';
import { buildSchema } from '../src/graphql/schema.js';
import { buildApp } from '../src/app.js';
import { openStage, testSettings, type Answer, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import { randomQuery, type RandomOperation } from './support/operations.js';
import type { Organization } from './support/world.js';

const schema = buildSchema(ROOT);
const priceIn = pricer(schema, graph);
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

function priceOf(query: string, variables: Record<string, unknown> = {}): Price {
  const document = parse(query);
  const operation = document.definitions.find((part) => part.kind === Kind.OPERATION_DEFINITION) as OperationDefinitionNode;
  return priceIn({ document, operation, variables });
}
const points = (query: string, variables?: Record<string, unknown>): number => priceOf(query, variables).requested;

interface Cost {
  requested: number;
  actual: number;
  limit: number;
  remaining: number;
  restoreRate: number;
}
type Priced = Answer & { cost: Cost | undefined };

async function ask(
  url: string,
  token: string | undefined,
  { query, variables }: Partial<RandomOperation>,
  headers = {},
): Promise<Priced> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-pulse-cost': '1',
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  });
  const body = await response.text();
  const { data, errors, extensions } = JSON.parse(body) as Answer & { extensions?: { cost?: Cost } };
  return { status: response.status, data, errors, headers: response.headers, body, cost: extensions?.cost };
}
const codeOf = ({ errors }: Answer): string | undefined => errors?.[0]?.extensions.code;

/** Objects with an identity in an answer. */
function nodesIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + nodesIn(each), 0);
  if (value === null || typeof value !== 'object') return 0;
  return Object.values(value).reduce((sum: number, each) => sum + nodesIn(each), 'id' in value ? 1 : 0);
}

/** Reproducible numbers for the generator of operations (mulberry32). */
function dice(seed: number): (end: number) => number {
  let state = seed | 0;
  return (end) => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * end);
  };
}

const DEEP =
  '{ deals(first: 100) { nodes { id activities(first: 100) { nodes { id contact { id deals(first: 50) { nodes { id } } } } } } } }';

/** The real limits, with budgets that these tests do not use up. */
const ROOMY = withBudgets(PLANS, 10_000);

let stage: Stage;
let org: Organization;
let executed = 0;

beforeAll(async () => {
  stage = await openStage({
    plans: ROOMY,
    executor: (executable) => {
      const execute = executeCompiled(executable);
      return (operation) => {
        executed += 1;
        return execute(operation);
      };
    },
  });
  org = await stage.world.organization();
  for (let n = 0; n < 8; n += 1) {
    const company_id = await stage.world.company(org);
    const contact_id = await stage.world.contact(org, { company_id });
    const deal_id = await stage.world.deal(org, {
      contact_id,
      company_id,
      stage_id: org.stageIds[n % 3],
      owner_id: org.users.MEMBER.id,
    });
    for (let m = 0; m < 3; m += 1) await stage.world.activity(org, { contact_id, deal_id });
  }
});
afterAll(() => stage.close());

describe('how a price comes about', () => {
  const ten = points('{ deals(first: 10) { nodes { id } } }');

  test.each([
    ['a variable', 'query ($n: Int) { deals(first: $n) { nodes { id } } }', { n: 10 }],
    ['a default', 'query ($n: Int = 10) { deals(first: $n) { nodes { id } } }', {}],
    ['a page from the end', '{ deals(last: 10) { nodes { id } } }', {}],
    ['a fragment', '{ ...F } fragment F on Query { deals(first: 10) { ... on DealConnection { nodes { id } } } }', {}],
    ['a field that is selected twice', '{ deals(first: 10) { nodes { id } } deals(first: 10) { nodes { title } } }', {}],
    ['what is skipped', '{ deals(first: 10) { nodes { id owner @skip(if: true) { id } } } }', {}],
    [
      'what is not included',
      'query ($x: Boolean!) { deals(first: 10) { nodes { id } } search(query: "a") @include(if: $x) { nodes { id } } }',
      { x: false },
    ],
  ])('%s counts as if it were written out', (_, query, variables) => {
    expect(points(query, variables)).toBe(ten);
  });

  test('aliases, larger pages, figures, filters and bounded orders cost more; no size is 25, none is more than 100', () => {
    const dearer = [
      '{ a: deals(first: 10) { nodes { id } } b: deals(first: 10) { nodes { id } } }',
      '{ deals(first: 11) { nodes { id } } }',
      '{ deals(first: 10) { nodes { id } totalCount } }',
      '{ deals(first: 10) { nodes { id } totals { sum } } }',
      '{ deals(first: 10, filter: { company: { name: { contains: "x" } } }) { nodes { id } } }',
      '{ deals(first: 10, orderBy: [{ title: ASC }]) { nodes { id } } }',
    ];
    for (const query of dearer) expect([query, points(query)]).toEqual([query, expect.any(Number)]);
    expect(dearer.filter((query) => points(query) <= ten)).toEqual([]);
    const filtered = 'query ($f: DealFilter) { deals(first: 10, filter: $f) { nodes { id } } }';
    expect(points(filtered, { f: { company: { name: { contains: 'x' } } } })).toBe(points(dearer[4] ?? ''));
    expect(points('{ deals { nodes { id } } }')).toBe(points('{ deals(first: 25) { nodes { id } } }'));
    expect(points('{ deals(first: 5000) { nodes { id } } }')).toBe(points('{ deals(first: 100) { nodes { id } } }'));
    expect(points('{ __schema { types { name } } }')).toBeGreaterThanOrEqual(WEIGHTS.schema);
    expect(points('mutation { logout { endedSessions } }')).toBeGreaterThanOrEqual(WEIGHTS.mutation);
  });

  test('nothing overflows, however deep pages nest, and however often fragments repeat each other', () => {
    const deep = (levels: number): string => (levels === 0 ? 'id' : `id activities { nodes { deal { ${deep(levels - 1)} } } }`);
    const price = priceOf(`{ deals { nodes { ${deep(200)} } } }`);
    expect(Number.isFinite(price.requested)).toBe(true);
    expect(() => price.check(1e9)).toThrow(/may cost far too many points/);
    const doubled = Array.from(
      { length: 30 },
      (_, n) =>
        `fragment F${n} on Deal { a: contact { deals { nodes { ...F${n + 1} } } } b: contact { deals { nodes { ...F${n + 1} } } } }`,
    );
    expect(points(`{ deals { nodes { ...F0 } } } ${doubled.join(' ')} fragment F30 on Deal { id }`)).toBeGreaterThan(1e9);
    for (const odd of [{ f: 5 }, { f: [[]] }, { f: { and: 'x', company: 7, activities: { some: null } } }, { f: null }])
      expect(points('query ($f: DealFilter) { deals(filter: $f) { totalCount } }', odd)).toBeLessThan(1e4);
  });

  test('docs/PRICE.md has the weights, the plans and the price of its example', () => {
    const text = read('docs/PRICE.md');
    const rows = [...text.matchAll(/^\| `(\w+)` +\| +([\d.,]+) \|/gm)];
    const numbers = rows.map(([, name = '', value = '']) => [name, Number(value.replaceAll(',', ''))]);
    expect(Object.fromEntries(numbers)).toMatchObject({ ...WEIGHTS, ...ROW_WEIGHTS, ...ROWS });
    for (const [name, { limit, organization, caller }] of Object.entries(PLANS)) {
      const row = [limit, organization.capacity, organization.restoreRate, caller.capacity, caller.restoreRate];
      expect(text.replace(/ +/g, ' ')).toContain(`| \`${name}\` | ${row.map((each) => each.toLocaleString('en')).join(' | ')} |`);
    }
    const [, example = ''] = /```graphql\n([\s\S]*?)```/.exec(text) ?? [];
    expect(text).toContain(`= ${points(example).toLocaleString('en')} points`);
  });

  test('every list without pages says how many objects it is taken to hold', () => {
    const lists = Object.values(schema.getTypeMap()).flatMap((type) =>
      !isObjectType(type) || type.name.startsWith('__') || type.name.endsWith('Connection')
        ? []
        : Object.values(type.getFields())
            .filter(({ type: of }) => isListType(getNullableType(of)) && isCompositeType(getNamedType(of)))
            .filter(({ astNode }) => !astNode?.directives?.some(({ name }) => name.value === 'listSize'))
            .map(({ name }) => `${type.name}.${name}`),
    );
    expect(lists).toEqual([]);
  });

  test('every table of the graph says how many rows it is taken to have', () => {
    expect(Object.keys(ROWS).sort()).toEqual([...graph.keys()].sort());
  });
});

describe('what fits', () => {
  const board = `query ($id: ID!) { pipeline(id: $id) { stages { id name deals(filter: { status: { eq: OPEN } }, orderBy: [{ position: ASC }], first: 20) {
    totalCount totals { currency sum weightedSum } edges { cursor node { id title value currency owner { id displayName } contact { id displayName } company { id displayName } } }
    pageInfo { hasNextPage endCursor } } } } }`;
  const readme = read('README.md');
  const blocks = [...readme.matchAll(/^QUERY='([^']*)'/gm), ...readme.matchAll(/^```graphql\n([\s\S]*?)^```$/gm)].map(
    ([, query = '']) => query,
  );

  test.each([
    ['the board', board],
    ...blocks.map((query, n): [string, string] => [`the README's operation ${n + 1}`, query]),
    ...EXAMPLES.map(({ name, query }): [string, string] => [`the explorer's “${name}”`, query]),
    [
      'a hundred records with a hundred each',
      '{ deals(first: 100) { nodes { id activities(first: 100) { nodes { id subject } } } } }',
    ],
    [
      'texts looked for in the longest list',
      '{ activities(filter: { or: [{ subject: { contains: "x" } }, { description: { contains: "x" } }] }) { nodes { id } } }',
    ],
  ])('%s, with every plan', (_, query) => {
    for (const { limit } of Object.values(PLANS)) expect(points(query)).toBeLessThanOrEqual(limit);
  });

  test('a price is at least the records of the answer, whatever is asked; what an answer cost is no more than its price', async () => {
    const token = stage.tokenOf(org, 'OWNER');
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(fc.noBias(fc.integer()), async (seed) => {
        const operation = randomQuery(schema, dice(seed), 6);
        const { data, cost } = await ask(stage.url, token, operation);
        // Some are refused: they cost too much, or their documents are too large.
        if (!cost || !data) return;
        const nodes = nodesIn(data);
        answered += nodes > 0 ? 1 : 0;
        expect(cost.requested).toBe(points(operation.query, operation.variables));
        expect(cost.requested).toBeGreaterThanOrEqual(nodes);
        expect(cost.actual).toBeGreaterThanOrEqual(nodes);
        expect(cost.actual).toBeLessThanOrEqual(cost.requested);
      }),
      { numRuns: 300, seed: 7 },
    );
    expect(answered).toBeGreaterThan(20);
  });
});

describe('what does not fit', () => {
  test('is refused before any resolver and any statement, with the costliest connection and a page that fits', async () => {
    const token = stage.tokenOf(org);
    await ask(stage.url, token, { query: '{ viewer { id } }' });
    stage.statements();
    executed = 0;
    const { status, data, errors, cost, body } = await ask(stage.url, token, { query: DEEP });
    expect([status, data, executed, stage.statements()]).toEqual([400, undefined, 0, []]);
    expect(body.length).toBeLessThan(1_500);
    expect(cost).toMatchObject({ requested: points(DEEP), actual: 0, limit: PLANS.FREE.limit });
    const [{ message, extensions } = { message: '', extensions: { code: '', requestId: '', fields: [] } }] = errors ?? [];
    expect(extensions).toMatchObject({ code: 'COST_LIMITED', fields: [{ code: 'TOO_COSTLY' }] });
    expect(extensions).not.toHaveProperty('retryAfterSeconds');
    expect(message).toContain('Most of it is `deals.nodes.activities.nodes.contact.deals`.');
    expect(extensions.fields?.[0]?.path.at(-1)).toBe('first');
  });

  test('fits with the page that the refusal names, and not with one more', async () => {
    const token = stage.tokenOf(org, 'OWNER');
    let refused = 0;
    for (let seed = 0; refused < 40; seed += 1) {
      const { query, variables } = randomQuery(schema, dice(seed), 100);
      const error = refusalOf(priceOf(query, variables), PLANS.FREE.limit);
      const advice = /With `(first|last): (\d+)` for `([\w.]+)`/.exec(error ?? '');
      if (!advice) continue;
      const [, name = '', size = '', place = ''] = advice;
      const alias = place.split('.').at(-1) ?? '';
      const changed = (to: number): string =>
        query.replaceAll(
          new RegExp(`(\\b${alias}: \\w+)(\\([^)]*\\))?`, 'g'),
          (_, field: string, args = '()') => `${field}${resized(args as string, name, to)}`,
        );
      expect(points(changed(Number(size)), variables)).toBeLessThanOrEqual(PLANS.FREE.limit);
      expect(points(changed(Number(size) + 1), variables)).toBeGreaterThan(PLANS.FREE.limit);
      refused += 1;
      if (refused % 10 === 0)
        expect(codeOf(await ask(stage.url, token, { query: changed(Number(size)), variables }))).not.toBe('COST_LIMITED');
    }
  });

  function refusalOf(price: Price, limit: number): string | null {
    try {
      price.check(limit);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  function resized(args: string, name: string, size: number): string {
    const others = args
      .slice(1, -1)
      .split(/, (?=\w+:)/)
      .filter((each) => each && !/^(first|last):/.test(each));
    return `(${[`${name}: ${size}`, ...others].join(', ')})`;
  }
});

describe('budgets', () => {
  const COUNT = '{ contacts { totalCount } }';
  const price = points(COUNT);
  const small = (restoreRate: number): Plans => {
    const plan = {
      limit: 1_000,
      organization: { capacity: 40 * price, restoreRate },
      caller: { capacity: 20 * price, restoreRate },
    };
    return { FREE: plan, TEAM: plan, BUSINESS: plan };
  };
  const instance = async (plans: Plans): Promise<{ url: string; close: (this: void) => Promise<void> }> => {
    const app = await buildApp({ ...testSettings(stage.database), plans });
    return { url: await app.http.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
  };
  /** Asks until it is refused. */
  const drain = async (url: string, token: string): Promise<{ answered: number; refusal: Priced }> => {
    for (let answered = 0; answered < 1_000; answered += 1) {
      const answer = await ask(url, token, { query: COUNT });
      if (answer.errors) return { answered, refusal: answer };
    }
    throw new Error('Nobody says that it is enough.');
  };

  test('two instances together let in what the bucket holds, and then say how long to wait; another user is not concerned', async () => {
    const RATE = 5;
    const home = await stage.world.organization();
    const [one, two] = [await instance(small(RATE)), await instance(small(RATE))];
    try {
      const token = stage.tokenOf(home, 'MEMBER');
      const started = performance.now();
      const both = await Promise.all([drain(one.url, token), drain(two.url, token)]);
      const restored = ((performance.now() - started) / 1_000) * RATE;
      const leased = 2 * (2 * RATE + price);
      const spent = both.reduce((sum, { answered }) => sum + answered * price, 0);
      expect(spent).toBeLessThanOrEqual(20 * price + restored + leased);
      expect(spent).toBeGreaterThan(15 * price);
      const [{ refusal } = { refusal: undefined }] = both;
      expect(refusal?.errors?.[0]?.extensions).toMatchObject({ code: 'COST_LIMITED', retryAfterSeconds: expect.any(Number) });
      expect(refusal?.errors?.[0]?.message).toMatch(/^You have used up/);
      expect([refusal?.status, refusal?.headers.get('retry-after')]).toEqual([
        200,
        String(refusal?.errors?.[0]?.extensions.retryAfterSeconds),
      ]);
      const strict = await ask(one.url, token, { query: COUNT }, { accept: 'application/graphql-response+json' });
      expect(strict.status).toBe(429);
      expect((await ask(one.url, stage.tokenOf(home, 'ADMIN'), { query: COUNT })).errors).toBeUndefined();
      // What everybody of the organization asks for is bounded together.
      await Promise.all((['ADMIN', 'OWNER', 'VIEWER'] as const).map((role) => drain(two.url, stage.tokenOf(home, role))));
      const last = await ask(two.url, stage.tokenOf(home, 'MANAGER'), { query: COUNT });
      expect(last.errors?.[0]?.message).toMatch(/^Your organization has used up/);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });

  test('an API key has a budget of its own; points come back; no request writes to the database while a lease lasts', async () => {
    const home = await stage.world.organization();
    const { url, close } = await instance(small(2 * price));
    try {
      const input = { name: 'Script', scopes: ['contacts:read'], expiresAt: new Date(Date.now() + 86_400_000).toISOString() };
      const made = await stage.send('mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }', {
        token: stage.tokenOf(home),
        variables: { input },
      });
      const token = stage.tokenOf(home);
      const writes = new Set<string>();
      for (let n = 0; n < 10; n += 1) {
        expect((await ask(url, token, { query: COUNT })).errors).toBeUndefined();
        writes.add(await versionOf(home.users.MEMBER.id));
      }
      expect(writes.size).toBeLessThanOrEqual(4);
      const { refusal } = await drain(url, token);
      expect((await ask(url, made.data.createApiKey.secret, { query: COUNT })).cost).toMatchObject({
        requested: price,
        restoreRate: 2 * price,
      });
      const wait = refusal.errors?.[0]?.extensions.retryAfterSeconds ?? 0;
      await new Promise((resolve) => setTimeout(resolve, wait * 1_000));
      expect((await ask(url, token, { query: COUNT })).errors).toBeUndefined();
    } finally {
      await close();
    }
  });

  /** Another one each time that a user's bucket was written to. */
  async function versionOf(userId: string): Promise<string> {
    const { rows } = await stage.world.client.query<{ version: string }>(
      `SELECT xmin::text AS version FROM throttle.budgets WHERE key = 'user ' || $1`,
      [userId],
    );
    return rows[0]?.version ?? '';
  }

  test('what was not used is given back, and what is left is told to who asks', async () => {
    const home = await stage.world.organization();
    const token = stage.tokenOf(home);
    const full = ROOMY.FREE.caller.capacity;
    const query = '{ deals(first: 100) { nodes { id activities(first: 100) { nodes { id } } } } }';
    for (let n = 0; n < 5; n += 1) {
      const { cost } = await ask(stage.url, token, { query });
      expect(cost).toMatchObject({
        requested: points(query),
        limit: PLANS.FREE.limit,
        restoreRate: ROOMY.FREE.caller.restoreRate,
      });
      expect(cost?.actual).toBeLessThan(100);
      expect(cost?.remaining).toBeGreaterThan(full - 2_000);
    }
    const unasked = await stage.send(query, { token });
    expect(unasked.body).not.toContain('"cost"');
    expect((await ask(stage.url, undefined, { query: '{ __typename }' })).cost).toMatchObject({
      remaining: null,
      restoreRate: null,
    });
    expect(codeOf(await ask(stage.url, undefined, { query: '{ viewer { id } }' }))).toBe('UNAUTHENTICATED');
  });

  test('a plan decides the limit', async () => {
    const home = await stage.world.organization();
    await stage.world.client.query(`UPDATE organizations SET subscription_plan = 'BUSINESS' WHERE id = $1`, [home.id]);
    const { cost } = await ask(stage.url, stage.tokenOf(home), { query: '{ viewer { id } }' });
    expect(cost?.limit).toBe(PLANS.BUSINESS.limit);
  });

  test('while nobody can say what is left, a request is answered UNAVAILABLE and not kept waiting', async () => {
    const home = await stage.world.organization();
    const token = stage.tokenOf(home);
    await stage.world.client.query('BEGIN');
    await stage.world.client.query('LOCK TABLE throttle.budgets IN ACCESS EXCLUSIVE MODE');
    const started = performance.now();
    const refused = await ask(stage.url, token, { query: '{ viewer { id } }' }).finally(() => stage.world.client.query('COMMIT'));
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: expect.any(Number) });
    expect(performance.now() - started).toBeLessThan(4_000);
    expect((await ask(stage.url, token, { query: '{ viewer { id } }' })).errors).toBeUndefined();
  });
});
