import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getIntrospectionQuery, parse } from 'graphql';
import { pino } from 'pino';
import { RESUME, SIGN_IN } from '../src/graphql/documents/explorer.js';
import { excessOf, LIMITS } from '../src/graphql/documents/limits.js';
import { documentStore, persistedQueries } from '../src/graphql/documents/stores.js';
import { readManifests, trustedDocuments } from '../src/graphql/documents/trusted.js';
import { EXAMPLES } from '../explorer/examples.js';
import { openStage, PASSWORD, type GraphqlError, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const TRUSTED = 'query Me { viewer { email } }';
/** graphql-codegen hashes with SHA-1 unless told otherwise; a manifest may name its documents as it likes. */
const HASH = createHash('sha1').update(TRUSTED).digest('hex');
const STALE = 'query Stale { viewer { shoeSize } }';

const warnings: string[] = [];
const log = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });

let open: Stage;
let preferred: Stage;
let only: Stage;
let org: Organization;
beforeAll(async () => {
  const documents = new Map([
    [HASH, TRUSTED],
    ['stale', STALE],
  ]);
  [open, preferred, only] = await Promise.all([
    openStage(),
    openStage({ trustedDocuments: { mode: 'preferred', documents } }),
    openStage({ trustedDocuments: { mode: 'only', documents }, schemaReaders: 'admins', log }),
  ]);
  org = await only.world.organization();
});
afterAll(() => Promise.all([open, preferred, only].map((stage) => stage.close())));

interface Told {
  data?: unknown;
  errors?: GraphqlError[];
}

async function ask(stage: Stage, body: object, token?: string): Promise<Told & { status: number }> {
  const answer = await fetch(`${stage.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  return { status: answer.status, ...((await answer.json()) as Told) };
}

const byHash = (hash: string, query?: string): object => ({
  query,
  extensions: { persistedQuery: { version: 1, sha256Hash: hash } },
});
const codeOf = async (stage: Stage, body: object, token?: string): Promise<string | undefined> =>
  (await ask(stage, body, token)).errors?.[0]?.extensions.code;

describe('limits', () => {
  const many = (count: number, each: (n: number) => string): string => Array.from({ length: count }, (_, n) => each(n)).join(' ');
  /** For each limit a document that has so many. */
  const OF: Record<keyof typeof LIMITS, (count: number) => string> = {
    operations: (count) => many(count, (n) => `query Q${n} { viewer { id } }`),
    fragments: (count) =>
      `{ ${many(count, (n) => `...F${n}`)} } ${many(count, (n) => `fragment F${n} on Query { viewer { id } }`)}`,
    variables: (count) => `query (${many(count, (n) => `$v${n}: Int`)}) { viewer { id } }`,
    directives: (count) => `{ ${many(count, (n) => `a${n % 90}: viewer @skip(if: false) { id }`)} }`,
    inputDepth: (count) => `{ deals(filter: ${'['.repeat(count)}${']'.repeat(count)}) { totalCount } }`,
    repetitions: (count) => `{ viewer { ${'id '.repeat(count + 1)} } }`,
    depth: (count) => `${'{ viewer '.repeat(count)} ${'}'.repeat(count)}`,
    selections: (count) =>
      `{ viewer { ...F } more: viewer { ...F } } fragment F on User { ${many((count - 4) / 2, (n) => `f${n}`)} }`,
    aliases: (count) => `{ ...F ...F } fragment F on Query { ${many(count / 2, (n) => `a${n}: viewer { id }`)} }`,
  };

  test.each(Object.keys(LIMITS) as (keyof typeof LIMITS)[])(
    'a document may reach the limit of its %s, and not exceed it',
    (size) => {
      expect(excessOf(parse(OF[size](LIMITS[size])))).toBeNull();
      expect(excessOf(parse(OF[size](LIMITS[size] + 2)))?.message).toContain(LIMITS[size].toLocaleString('en'));
    },
  );

  test('leave room: the examples of the explorer and the query that tools read the schema with keep within them', () => {
    for (const query of [...EXAMPLES.map((example) => example.query), getIntrospectionQuery({ inputValueDeprecation: true })])
      expect([query, excessOf(parse(query))]).toEqual([query, null]);
  });

  test('are told before a document is held against the schema, and again when it comes again', async () => {
    const query = `{ ${many(101, (n) => `a${n}: nothing`)} }`;
    for (let time = 0; time < 2; time += 1) {
      const { status, data, errors } = await ask(open, { query });
      expect([status, data, errors?.map((error) => error.message)]).toEqual([
        400,
        undefined,
        ['A document has at most 100 aliases, each fragment counted wherever it is spread.'],
      ]);
    }
  });

  test('a fault with a very long value is told in a short sentence', async () => {
    const { errors } = await ask(open, {
      query: 'query ($f: DealFilter) { deals(filter: $f) { totalCount } }',
      variables: { f: 'x'.repeat(10_000) },
    });
    expect(errors?.[0]?.message.length).toBeLessThan(600);
  });

  test('a subscription sent by POST is refused with a sentence', async () => {
    const { status, errors } = await ask(open, { query: 'subscription { deals { id } }' });
    expect([status, errors?.[0]?.extensions.code, errors?.[0]?.message]).toEqual([
      400,
      'BAD_REQUEST',
      'Subscriptions are not answered over HTTP requests. Read the data with a query.',
    ]);
  });
});

describe('an operation that the document does not have', () => {
  const org = async (): Promise<{ token: string; title: string }> => {
    const mine = await open.world.organization();
    return { token: open.tokenOf(mine), title: `Deal of ${mine.id}` };
  };
  const titles = async (token: string): Promise<unknown> => (await open.send('{ deals { nodes { title } } }', { token })).data;

  test.each(['B', '', '__proto__', 'x'.repeat(10_000)])(
    'is not executed, nor is another one in its place: %.10s',
    async (name) => {
      const { token, title } = await org();
      const query = `mutation A { createDeal(input: { title: "${title}" }) { deal { id } } }`;
      const answer = await ask(open, { query, operationName: name }, token);
      expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }] });
      expect(answer).not.toHaveProperty('data');
      expect(await titles(token)).toEqual({ deals: { nodes: [] } });
    },
  );

  test('is not executed by GET either', async () => {
    const { token, title } = await org();
    const query = encodeURIComponent(`mutation A { createDeal(input: { title: "${title}" }) { deal { id } } }`);
    const headers = { authorization: `Bearer ${token}`, 'apollo-require-preflight': '1' };
    const answer = await fetch(`${open.url}/graphql?query=${query}&operationName=B`, { headers });
    expect(answer.status).toBe(400);
    expect(await titles(token)).toEqual({ deals: { nodes: [] } });
  });

  test('is told apart from a name that is missing', async () => {
    const query = 'query A { viewer { id } } query B { viewer { id } }';
    const told = async (operationName?: string) => (await ask(open, { query, operationName })).errors?.[0]?.message;
    expect(await told('C')).toBe('The document has no operation named "C".');
    expect(await told()).toBe('The document has several operations: name one of them (`operationName`).');
  });
});

describe('persisted queries', () => {
  const QUERY = 'query Kept { __typename }';

  test('are not known, then sent once in full, then known', async () => {
    expect(await codeOf(open, byHash(sha256(QUERY)))).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect((await ask(open, byHash(sha256(QUERY), QUERY))).data).toEqual({ __typename: 'Query' });
    expect((await ask(open, byHash(sha256(QUERY)))).data).toEqual({ __typename: 'Query' });
  });

  test('cannot be kept under the hash of another, nor when they were refused', async () => {
    const other = sha256('query Victim { viewer { id } }');
    expect(await codeOf(open, byHash(other, QUERY))).toBe('BAD_REQUEST');
    expect(await codeOf(open, byHash(other))).toBe('PERSISTED_QUERY_NOT_FOUND');
    const bad = `{ ${Array.from({ length: 200 }, (_, n) => `a${n}: __typename`).join(' ')} }`;
    expect(await codeOf(open, byHash(sha256(bad), bad))).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await codeOf(open, byHash(sha256(bad)))).toBe('PERSISTED_QUERY_NOT_FOUND');
  });

  test('take a bounded room: the oldest make way, and what is very long is not kept', async () => {
    const store = persistedQueries(trustedDocuments('off', new Map()));
    const text = 'x'.repeat(20_000);
    for (let n = 0; n < 251; n += 1) await store.set(`apq:${n}`, text);
    await store.set('apq:long', `${text}x`);
    const kept = await Promise.all(['apq:0', 'apq:1', 'apq:250', 'apq:long'].map((key) => store.get(key)));
    expect(kept.map((each) => each?.length)).toEqual([undefined, 20_000, 20_000, undefined]);
  });

  test('parsed documents take a bounded room too', async () => {
    const store = documentStore();
    const big = parse(`{ ${'a '.repeat(4_900)} }`);
    for (let n = 0; n < 50; n += 1) await store.set(String(n), big);
    const kept = await Promise.all(Array.from({ length: 50 }, (_, n) => store.get(String(n))));
    expect(kept.filter(Boolean).length).toBe(40);
  });
});

describe('trusted documents', () => {
  test('off: all documents are taken, and those of the manifest are nothing special', async () => {
    expect(await codeOf(open, byHash(HASH))).toBe('PERSISTED_QUERY_NOT_FOUND');
  });

  test('preferred: by their hash from the start; all others too', async () => {
    const owner = await preferred.world.organization();
    const token = preferred.tokenOf(owner);
    expect((await ask(preferred, byHash(HASH), token)).data).toEqual({ viewer: { email: owner.users.MEMBER.email } });
    expect((await ask(preferred, { query: '{ viewer { __typename } }' }, token)).data).toEqual({
      viewer: { __typename: 'User' },
    });
    expect(await codeOf(preferred, byHash('a'.repeat(64)), token)).toBe('PERSISTED_QUERY_NOT_FOUND');
  });

  test('only: by their hash or their exact text, and nothing else, not even a document that is no GraphQL', async () => {
    const token = only.tokenOf(org);
    const data = { viewer: { email: org.users.MEMBER.email } };
    expect((await ask(only, byHash(HASH), token)).data).toEqual(data);
    expect((await ask(only, { query: TRUSTED }, token)).data).toEqual(data);
    expect(await codeOf(only, byHash('a'.repeat(64)), token)).toBe('PERSISTED_QUERY_NOT_FOUND');
    for (const query of ['{ viewer { email } }', `${TRUSTED} `, '{', '{ nothing }', 'mutation { logout { endedSessions } } #']) {
      expect(await codeOf(only, { query }, token)).toBe('QUERY_NOT_IN_SAFELIST');
      expect(await codeOf(only, byHash(sha256(query), query), token)).toBe('QUERY_NOT_IN_SAFELIST');
      expect(await codeOf(only, byHash(sha256(query)), token)).toBe('PERSISTED_QUERY_NOT_FOUND');
    }
  });

  test('only: the explorer signs in, and an administrator may ask what they like in it; nobody profits from that', async () => {
    const { email } = org.users.ADMIN;
    const variables = { input: { email, password: PASSWORD, transport: 'COOKIE' } };
    expect((await ask(only, { query: SIGN_IN, variables })).data).toMatchObject({ login: { user: { email } } });
    expect(await codeOf(only, { query: RESUME })).not.toBe('QUERY_NOT_IN_SAFELIST');
    const query = '{ viewer { role } }';
    expect((await ask(only, { query }, only.tokenOf(org, 'ADMIN'))).data).toEqual({ viewer: { role: 'ADMIN' } });
    for (const token of [undefined, only.tokenOf(org, 'MANAGER')])
      expect(await codeOf(only, { query }, token)).toBe('QUERY_NOT_IN_SAFELIST');
  });

  test('a trusted document that does not fit any more is told to the log at the start', () => {
    const told = warnings.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(told).toEqual([expect.stringMatching(/^A trusted document would be refused: stale: .*shoeSize/)]);
  });

  test('manifests are put together; a file that is none is named', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'pulse-documents-'));
    const file = (name: string, text: string): string => {
      writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    const web = file('web.json', JSON.stringify({ a: '{ a }' }));
    const phone = file('phone.json', JSON.stringify({ b: '{ b }' }));
    expect([...readManifests([web, phone])]).toEqual([
      ['a', '{ a }'],
      ['b', '{ b }'],
    ]);
    for (const bad of [file('list.json', '["{ a }"]'), file('torn.json', '{'), path.join(folder, 'nowhere.json')])
      expect(() => readManifests([bad])).toThrow(bad);
    rmSync(folder, { recursive: true });
  });
});
