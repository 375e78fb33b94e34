import { openStage, type Stage } from './support/app.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ corsOrigins: ['https://app.example'] });
});
afterAll(() => stage.close());

const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${stage.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

async function failure(answer: Response): Promise<{ status: number; code: string; requestId: string }> {
  const { errors } = (await answer.json()) as { errors: { extensions: { code: string; requestId: string } }[] };
  return { status: answer.status, code: errors[0]?.extensions.code ?? '', requestId: errors[0]?.extensions.requestId ?? '' };
}

test('the process is live, and ready while its database answers', async () => {
  expect((await fetch(`${stage.url}/livez`)).status).toBe(200);
  expect((await fetch(`${stage.url}/readyz`)).status).toBe(200);
});

test('a database that is gone: live, not ready within two seconds, and requests fail within one with a clear code', async () => {
  const nowhere = await openStage({ appUrl: 'postgres://nobody:x@127.0.0.1:9/none', connectTimeoutMs: 500 });
  const token = nowhere.app.door.tokens.sign({
    orgId: '00000000-0000-7000-8000-000000000001',
    userId: '00000000-0000-7000-8000-000000000002',
    via: { kind: 'SESSION', sessionId: '00000000-0000-7000-8000-000000000003' },
    role: 'OWNER',
  }).token;
  expect((await fetch(`${nowhere.url}/livez`)).status).toBe(200);
  const ready = await fetch(`${nowhere.url}/readyz`);
  expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '2']);
  const { errors } = await nowhere.send('{ viewer { id } }', { token });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 2 });
  await nowhere.close();
});

test.each<[string, () => Promise<Response>, number, string]>([
  ['no JSON', () => post('{'), 400, 'BAD_REQUEST'],
  ['an empty body', () => post(''), 400, 'BAD_REQUEST'],
  ['a body that is too large', () => post(JSON.stringify({ query: 'x'.repeat(1_100_000) })), 413, 'BAD_REQUEST'],
  [
    'a simple content type, as a cross-site form sends it',
    () => post('query=%7B__typename%7D', { 'content-type': 'application/x-www-form-urlencoded' }),
    415,
    'BAD_REQUEST',
  ],
  ['text as content type', () => post('{ __typename }', { 'content-type': 'text/plain' }), 400, 'BAD_REQUEST'],
  ['a bare GET', () => fetch(`${stage.url}/graphql?query=%7B__typename%7D`), 400, 'BAD_REQUEST'],
  [
    'a mutation by GET',
    () => fetch(`${stage.url}/graphql?query=mutation%7B__typename%7D`, { headers: { 'x-apollo-operation-name': 'x' } }),
    405,
    'BAD_REQUEST',
  ],
  ['a batch', () => post('[{"query":"{__typename}"}]'), 400, 'BAD_REQUEST'],
  ['another path', () => fetch(`${stage.url}/nothing`), 404, 'BAD_REQUEST'],
  ['a path that is none', () => fetch(`${stage.url}/%`), 400, 'BAD_REQUEST'],
])('%s is refused in the shape GraphQL clients read, with the id of the request', async (_, request, status, code) => {
  const answer = await request();
  const id = answer.headers.get('x-request-id');
  expect(await failure(answer)).toEqual({ status, code, requestId: id });
});

test('a query by GET works for a client that shows it is none of a strange page', async () => {
  const answer = await fetch(`${stage.url}/graphql?query=%7B__typename%7D`, { headers: { 'apollo-require-preflight': '1' } });
  expect(await answer.json()).toEqual({ data: { __typename: 'Query' } });
});

test('big answers are compressed for who takes that, small ones never', async () => {
  const ask = (query: string, encoding: string): Promise<Response> =>
    fetch(`${stage.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-encoding': encoding },
      body: JSON.stringify({ query }),
    });
  const small = '{ __typename }';
  const medium = '{ __schema { queryType { fields { name description args { name description } } } } }';
  const big =
    '{ __schema { types { name description inputFields { name description type { name ofType { name } } } fields { name description type { name kind ofType { name kind } } args { name description } } } } }';
  for (const query of [medium, big]) {
    const plain = await ask(query, 'identity');
    const text = await plain.text();
    expect([plain.headers.get('content-encoding'), text.length > 8_192, text.length > 131_072]).toEqual([
      null,
      true,
      query === big,
    ]);
    for (const [encoding, used] of [
      ['br', 'br'],
      ['gzip', 'gzip'],
      ['gzip, deflate, br', 'br'],
      ['deflate', null],
    ] as const) {
      const answer = await ask(query, encoding);
      expect([encoding, answer.headers.get('content-encoding')]).toEqual([encoding, used]);
      expect(await answer.text()).toBe(text);
    }
  }
  const answer = await ask(small, 'gzip, br');
  expect([answer.headers.get('content-encoding'), await answer.json()]).toEqual([null, { data: { __typename: 'Query' } }]);
});

test('origins come from a list', async () => {
  const preflight = (origin: string): Promise<Response> =>
    fetch(`${stage.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });
  expect((await preflight('https://app.example')).headers.get('access-control-allow-origin')).toBe('https://app.example');
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
});

test('the schema is open or closed by one setting', async () => {
  const closed = await openStage({ schemaReaders: 'nobody' });
  expect((await closed.send('{ __schema { types { name } } }')).errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  expect((await closed.send('{ viewr { id } }')).body).not.toContain('viewer');
  expect((await stage.send('{ __schema { queryType { name } } }')).data.__schema.queryType.name).toBe('Query');
  await closed.close();
});

test('at most three errors, and a document of too many tokens is refused', async () => {
  expect((await stage.send(`{ ${Array.from({ length: 50 }, (_, i) => `x${i}`).join(' ')} }`)).errors?.length).toBeLessThanOrEqual(
    4,
  );
  expect((await stage.send(`{ ${'__typename '.repeat(6000)} }`)).errors?.[0]?.extensions.code).toBe('GRAPHQL_PARSE_FAILED');
});
