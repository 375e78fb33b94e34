import { isEnumType } from 'graphql';
import { ERROR_CODES } from '../src/errors.js';
import { buildSchema } from '../src/graphql/schema.js';
import { openStage, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
let token: string;

beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
  token = stage.tokenOf(org);
});
afterAll(() => stage.close());

const codeOf = async (query: string, variables?: Record<string, unknown>): Promise<string | undefined> =>
  (await stage.send(query, { token, ...(variables && { variables }) })).errors?.[0]?.extensions.code;

test('the codes of the code are the codes of the SDL, with a description each', () => {
  const codes = buildSchema(ROOT).getType('ErrorCode');
  if (!isEnumType(codes)) throw new Error('The SDL has no enum ErrorCode.');
  const own = codes
    .getValues()
    .map((value) => value.name)
    .slice(0, ERROR_CODES.length);
  expect(own).toEqual([...ERROR_CODES]);
});

test('every error names its code and the id of its request, and nothing of our insides', async () => {
  for (const query of [
    '{',
    '{ nothing }',
    '{ deals(first: 0) { nodes { id } } }',
    'query ($id: ID!) { deal(id: $id) { id } }',
    'query A { viewer { id } } query B { viewer { id } }',
    'subscription { x }',
  ]) {
    const { errors, body, headers } = await stage.send(query, { token });
    expect(errors?.length).toBeGreaterThan(0);
    for (const { extensions } of errors ?? []) {
      expect(Object.keys(extensions)).toEqual(expect.arrayContaining(['code', 'requestId']));
      expect(extensions.requestId).toBe(headers.get('x-request-id'));
    }
    expect(body).not.toMatch(/stacktrace|node_modules|\.ts:|\.js:|prisma|SELECT|postgres/i);
  }
});

test('documents that are not GraphQL, do not fit, or name no operation keep their own codes, all in the SDL', async () => {
  const codes = buildSchema(ROOT).getType('ErrorCode');
  const known = isEnumType(codes) ? codes.getValues().map((value) => value.name) : [];
  const answered = [
    await codeOf('{'),
    await codeOf('{ nothing }'),
    await codeOf('query ($id: ID!) { deal(id: $id) { id } }'),
    await codeOf('query A { viewer { id } } query B { viewer { id } }'),
    await codeOf(''),
  ];
  expect(answered).toEqual([
    'GRAPHQL_PARSE_FAILED',
    'GRAPHQL_VALIDATION_FAILED',
    'BAD_USER_INPUT',
    'OPERATION_RESOLUTION_FAILURE',
    'BAD_REQUEST',
  ]);
  for (const code of answered) expect(known).toContain(code);
});

test('a persisted query that is not known is answered as clients expect', async () => {
  const answer = await fetch(`${stage.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }),
  });
  expect(await answer.json()).toMatchObject({
    errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
  });
});

test('filters: null is refused with its path, an empty object is no condition, an empty list matches nothing', async () => {
  const contact = await stage.world.contact(org, { first_name: 'Null_%', email: null });
  await stage.world.contact(org, { first_name: 'NullXY' });
  const ids = async (filter: string): Promise<string[]> =>
    (await stage.send(`{ contacts(filter: ${filter}) { nodes { id } } }`, { token })).data.contacts.nodes.map(
      (node: { id: string }) => node.id,
    );
  const { errors } = await stage.send('{ contacts(filter: { or: [{ email: { eq: null } }] }) { nodes { id } } }', { token });
  expect(errors?.[0]?.extensions).toMatchObject({
    code: 'INVALID_INPUT',
    fields: [{ path: ['filter', 'or', 0, 'email', 'eq'], code: 'NULL_OPERAND' }],
  });
  expect(await codeOf('query ($f: ContactFilter) { contacts(filter: $f) { nodes { id } } }', { f: { email: null } })).toBe(
    'INVALID_INPUT',
  );
  expect((await ids('{}')).length).toBe(2);
  expect((await ids('{ email: {}, and: [], not: { or: [] } }')).length).toBe(2);
  expect(await ids('{ id: { in: [] } }')).toEqual([]);
  expect(await ids('{ or: [] }')).toEqual([]);
  expect(await ids('{ firstName: { contains: "l_%" } }')).toEqual([contact]);
  expect(await ids('{ id: { eq: "no uuid" } }')).toEqual([]);
  expect((await ids('{ not: { email: { contains: "x" } } }')).length).toBe(2);
});

test.each([
  ['a NUL character', '{ contacts(filter: { lastName: { eq: "a\\u0000b" } }) { nodes { id } } }', 'INVALID_INPUT'],
  ['a NUL character in tags', '{ contacts(filter: { tags: { hasAny: ["\\u0000"] } }) { nodes { id } } }', 'INVALID_INPUT'],
  ['six sort keys', `{ deals(orderBy: [${'{ value: ASC },'.repeat(6)}]) { nodes { id } } }`, 'INVALID_INPUT'],
  [
    'a sort key with two fields',
    '{ deals(orderBy: [{ value: ASC, createdAt: ASC }]) { nodes { id } } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  ['a number as decimal', '{ deals(filter: { value: { gte: 1.5 } }) { nodes { id } } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['too many digits', '{ deals(filter: { value: { gte: "1.23456" } }) { nodes { id } } }', 'GRAPHQL_VALIDATION_FAILED'],
  [
    'a date that is none',
    '{ deals(filter: { expectedCloseDate: { gte: "2026-02-30" } }) { nodes { id } } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'the year 0',
    '{ deals(filter: { createdAt: { gte: "0000-01-01T00:00:00Z" } }) { nodes { id } } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
])('%s is refused, not a fault', async (_, query, code) => {
  expect(await codeOf(query)).toBe(code);
});

test('variables that nest or multiply beyond what any client needs are refused before anything walks them', async () => {
  const deep = (depth: number): object => Array.from({ length: depth }).reduce<object>((inner) => ({ not: inner }), {});
  const query = 'query ($f: DealFilter) { deals(filter: $f) { totalCount } }';
  expect(await codeOf(query, { f: deep(30) })).toBeUndefined();
  for (const f of [deep(200), deep(4_000), { or: Array.from({ length: 6_000 }, () => ({ title: { eq: 'x' } })) }]) {
    const { status, errors } = await stage.send(query, { token, variables: { f } });
    expect([status, errors?.[0]?.extensions.code]).toEqual([400, 'INVALID_INPUT']);
  }
});

test('however many variables are wrong, the answer is small and has a code', async () => {
  const query = 'query ($f: DealFilter) { deals(filter: $f) { totalCount } }';
  for (const count of [10, 200]) {
    const { errors, body } = await stage.send(query, {
      token,
      variables: { f: { or: Array.from({ length: count }, () => ({ nothing: 1 })) } },
    });
    expect(errors?.length).toBeLessThanOrEqual(3);
    expect(new Set(errors?.map((error) => error.extensions.code))).toEqual(new Set(['BAD_USER_INPUT']));
    expect(body.length).toBeLessThan(4_000);
  }
});

test('a nullable variable inside a one-of input is INVALID_INPUT', async () => {
  const query =
    'query ($sort: Sort!, $s: Sort) { deals(orderBy: [{ value: $sort }]) { nodes { id } } contacts(orderBy: [{ email: $s }]) { nodes { id } } }';
  expect(['INVALID_INPUT', 'GRAPHQL_VALIDATION_FAILED']).toContain(await codeOf(query, { sort: 'ASC' }));
  expect(await codeOf('query ($o: [DealOrder!]) { deals(orderBy: $o) { nodes { id } } }', { o: [{ value: null }] })).toBe(
    'BAD_USER_INPUT',
  );
});

test('a fault of ours is masked, and told to the log with the request id', async () => {
  const lines: string[] = [];
  const { pino } = await import('pino');
  const logged = await openStage({ log: pino({ level: 'error' }, { write: (line: string) => void lines.push(line) }) });
  const owner = await logged.world.organization();
  await logged.world.client.query('ALTER VIEW read.contacts RENAME TO gone');
  const { errors, body } = await logged.send('{ contacts { nodes { id } } }', { token: logged.tokenOf(owner) });
  expect(errors?.[0]?.extensions.code).toBe('INTERNAL');
  expect(body).not.toContain('contacts" does not exist');
  const told = lines
    .map((line) => JSON.parse(line) as { requestId?: string; err?: { message: string } })
    .find((line) => line.requestId === errors?.[0]?.extensions.requestId);
  expect(told?.err?.message).toContain('does not exist');
  await logged.close();
});

test('after the first database error the operation fails with one clear code', async () => {
  const slow = await openStage({ statementTimeoutMs: 100 });
  const owner = await slow.world.organization();
  await slow.world.client
    .query(`CREATE OR REPLACE VIEW read.contacts AS SELECT ${'c.*'} FROM public.contacts c, pg_sleep(1)`)
    .catch(() => undefined);
  const blocker = slow.world.client;
  await blocker.query('BEGIN; LOCK TABLE public.deals IN ACCESS EXCLUSIVE MODE');
  const { errors } = await slow.send('{ deals { nodes { id } } companies { nodes { id } } }', { token: slow.tokenOf(owner) });
  await blocker.query('ROLLBACK');
  expect(new Set(errors?.map((error) => error.extensions.code))).toEqual(new Set(['TIMEOUT']));
  expect(errors?.[0]?.extensions.retryAfterSeconds).toBe(1);
  expect((await slow.send('{ deals { nodes { id } } }', { token: slow.tokenOf(owner) })).errors).toBeUndefined();
  await slow.close();
});
