import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { openStage, type GraphqlError, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import type { ServerProcessSettings } from './support/server-process.js';

/** Processor time that one bad request may cost the server. */
const MOST_CPU_MS = 100;
const TRIES = 4;
const LARGEST_ANSWER = 2_000;
const MOST_ERRORS = 3;

interface Attack {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

interface Outcome {
  status: number;
  text: string;
  errors: GraphqlError[] | undefined;
}

let stage: Stage;
let token: string;
let dealId: string;
let victim: ChildProcess;
let url: string;
/** What the victim prints, line by line. */
let lines: AsyncIterator<string>;

beforeAll(async () => {
  stage = await openStage();
  const org = await stage.world.organization();
  token = stage.tokenOf(org);
  dealId = await stage.world.deal(org, { title: 'Unharmed' });
  const settings: ServerProcessSettings = stage.database;
  const file = path.join(ROOT, 'test/support/server-process.ts');
  victim = spawn(process.execPath, ['--import', 'tsx', file, JSON.stringify(settings)], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (!victim.stdout) throw new Error('The victim is started with a pipe.');
  lines = createInterface(victim.stdout)[Symbol.asyncIterator]();
  url = await nextLine();
  await expectUnharmed();
}, 60_000);
afterAll(async () => {
  victim.kill('SIGKILL');
  await stage.close();
});

async function nextLine(): Promise<string> {
  return (await lines.next()).value as string;
}

/** Processor time that the server has used so far, in milliseconds. */
async function cpu(): Promise<number> {
  victim.stdin?.write('\n');
  return Number(await nextLine()) / 1_000;
}

function attack({ method = 'POST', path: where = '/graphql', headers = {}, body }: Attack): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const type = method === 'POST' ? { 'content-type': 'application/json' } : {};
    const sent = request(`${url}${where}`, { method, headers: { ...type, ...headers }, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(outcomeOf(answer.statusCode ?? 0, Buffer.concat(chunks).toString())));
    });
    // A body that is refused before it was read ends with a broken pipe; the answer is there all the same.
    sent.on('error', (error: NodeJS.ErrnoException) => error.code !== 'EPIPE' && reject(error));
    sent.end(body);
  });
}

function outcomeOf(status: number, text: string): Outcome {
  try {
    return { status, text, errors: (JSON.parse(text) as Partial<Outcome>).errors };
  } catch {
    return { status, text, errors: undefined };
  }
}

/** A good client reads its deal as ever. */
async function expectUnharmed(): Promise<void> {
  const { status, text } = await attack({
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({
      query: 'query Good($id: ID!) { deal(id: $id) { title stage { name } } }',
      variables: { id: dealId },
    }),
  });
  expect([status, text]).toEqual([200, expect.stringContaining('Unharmed')]);
}

/** Looks at an answer, and at what the cheapest of a few tries cost: other work on the machine makes single ones dearer. */
async function expectRefused(make: (nth: number) => Attack): Promise<Outcome> {
  let cheapest = Infinity;
  let outcome: Outcome | undefined;
  for (let nth = 0; nth < TRIES && !(nth > 0 && cheapest < MOST_CPU_MS / 2); nth += 1) {
    const before = await cpu();
    outcome = await attack(make(nth));
    cheapest = Math.min(cheapest, (await cpu()) - before);
  }
  if (!outcome) throw new Error('Nothing was tried.');
  if (process.env['PULSE_SHOW_COSTS'])
    process.stderr.write(`${cheapest.toFixed(1)} ms ${outcome.status} ${outcome.text.slice(0, 150)}\n`);
  expect([outcome.status >= 400 && outcome.status < 500, outcome.status]).toEqual([true, outcome.status]);
  expect(outcome.text.length).toBeLessThan(LARGEST_ANSWER);
  expect(outcome.errors?.length ?? 1).toBeLessThanOrEqual(MOST_ERRORS);
  expect(outcome.text).not.toMatch(/node_modules|\.[jt]s:|at \w+ \(|prisma|postgres|call stack/i);
  expect(cheapest).toBeLessThan(MOST_CPU_MS);
  await Promise.all([attack(make(TRIES)), expectUnharmed(), expectUnharmed()]);
  expect(victim.exitCode).toBeNull();
  return outcome;
}

/** The same attack in another document each time: what was refused once must not be known from then on. */
const post = (query: string, more: object = {}): ((nth: number) => Attack) => {
  return (nth) => ({
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: `${query} #${nth}`, ...more }),
  });
};
const raw =
  (body: string | Buffer, headers: Record<string, string> = {}) =>
  (): Attack => ({ body, headers });
const get =
  (query: string, headers: Record<string, string> = {}) =>
  (): Attack => ({
    method: 'GET',
    path: `/graphql?query=${encodeURIComponent(query)}`,
    headers,
  });

const many = (count: number, each: (n: number) => string, glue = ' '): string =>
  Array.from({ length: count }, (_, n) => each(n)).join(glue);
/** `each` around itself, so many times. */
const nested = (count: number, open: string, inner: string, close: string): string =>
  open.repeat(count) + inner + close.repeat(count);

const DEALS = 'query ($f: DealFilter) { deals(filter: $f) { totalCount } }';

function filterOf(levels: number): object {
  let filter: object = { title: { eq: 'x' } };
  for (let level = 0; level < levels; level += 1) filter = { and: [filter] };
  return filter;
}

function notOf(levels: number): object {
  let filter: object = { title: { eq: 'x' } };
  for (let level = 0; level < levels; level += 1) filter = { not: filter };
  return filter;
}

const ATTACKS: Record<string, Record<string, (nth: number) => Attack>> = {
  'a document that nests': {
    'fields, beyond any screen': post(`{ viewer ${nested(30, '{ deals { nodes { owner', '{ id }', '} } }')} }`),
    'fields, beyond the stack of the parser': post('{ viewer '.repeat(2_450)),
    'lists in an argument': post(`{ deals(filter: ${nested(2_000, '[', '', ']')}) { totalCount } }`),
    'lists in an argument, beyond the stack': post(`{ deals(filter: ${nested(2_480, '[', '', ']')}) { totalCount } }`),
    'filters in an argument': post(`{ deals(filter: ${nested(400, '{ and: [', '{}', '] }')}) { totalCount } }`),
    'inline fragments': post(nested(800, '{ ... on Query ', '{ viewer { id } }', '}')),
    'fragments in fragments': post(
      `{ ...F0 } ${many(200, (n) => `fragment F${n} on Query { ...F${n + 1} }`)} fragment F200 on Query { viewer { id } }`,
    ),
    'list types of variables': post(`query ($a: ${nested(2_000, '[', 'Int', ']')}) { viewer { id } }`),
  },
  'a document that floods': {
    aliases: post(`{ ${many(1_600, (n) => `a${n}: __typename`)} }`),
    'aliases of something dear': post(`{ ${many(240, (n) => `a${n}: deals(first: 100) { totalCount }`)} }`),
    'aliases of a mutation': post(`mutation { ${many(200, (n) => `a${n}: logout { endedSessions }`)} }`),
    'aliases from a fragment': post(`{ ${many(60, (n) => `a${n}: viewer { ...F }`)} } fragment F on User { b: id c: id d: id }`),
    'the same __typename': post(`{ ${'__typename '.repeat(4_900)} }`),
    'the same field with a selection': post(`{ ${'viewer { id } '.repeat(800)} }`),
    'the same field with arguments': post(`{ ${'deals(first: 1, filter: { title: { eq: "x" } }) { totalCount } '.repeat(240)} }`),
    'unknown fields': post(`{ ${many(2_000, (n) => `viewr${n}`)} }`),
    'a directive': post(`{ viewer ${'@skip(if: false) '.repeat(700)} { id } }`),
    'unknown directives': post(`{ viewer ${many(2_400, (n) => `@x${n}`)} { id } }`),
    variables: post(`query (${many(1_200, (n) => `$v${n}: Int`)}) { viewer { id } }`),
    operations: post(many(800, (n) => `query Q${n} { viewer { id } }`)),
    fragments: post(`{ ${many(300, (n) => `...F${n}`)} } ${many(300, (n) => `fragment F${n} on Query { viewer { id } }`)}`),
    tokens: post(`{ ${'a '.repeat(200_000)} }`),
    comments: post(`${'#\n'.repeat(400_000)} { viewer { id } }`),
    commas: post(`${','.repeat(900_000)} { viewer { id } }`),
    'lines of a block string': post(`{ deal(id: """${'\n  x'.repeat(150_000)}""") { id } }`),
  },
  'a document with a fragment': {
    'that doubles forty times': post(
      `{ viewer { ...F0 } } ${many(40, (n) => `fragment F${n} on User { ...F${n + 1} ...F${n + 1} }`)} fragment F40 on User { id }`,
    ),
    'that doubles under aliases': post(
      `{ viewer { ...F0 } } ${many(30, (n) => `fragment F${n} on User { a: deals { nodes { owner { ...F${n + 1} } } } b: deals { nodes { owner { ...F${n + 1} } } } }`)} fragment F30 on User { id }`,
    ),
    'within itself': post('{ viewer { ...F } } fragment F on User { id ...F }'),
    'in a ring of many, all knowing all': post(
      `{ viewer { ...F0 } } ${many(30, (n) => `fragment F${n} on User { ${many(30, (m) => `...F${m}`)} }`)}`,
    ),
    'that nobody uses, a hundred times': post(`{ viewer { id } } ${many(100, (n) => `fragment F${n} on User { id }`)}`),
  },
  'a document with something huge:': {
    'a name': post(`{ ${'a'.repeat(90_000)} }`),
    'a string': post(`{ deal(id: "${'x'.repeat(900_000)}") { id } }`),
    'a string of escapes': post(`{ deal(id: "${'\\u0041'.repeat(150_000)}") { id } }`),
    'a number': post(`{ deals(first: ${'9'.repeat(90_000)}) { totalCount } }`),
    'an argument of a type that it is not': post(`{ deals(first: "${'x'.repeat(90_000)}") { totalCount } }`),
    'a value nowhere allowed': post(`{ viewer(a: [${many(2_400, () => '1')}]) { id } }`),
  },
  'a document that asks for the schema': {
    'again and again': post(`{ ${many(90, (n) => `a${n}: __schema { types { name fields { name } } }`)} }`),
    'in circles': post(`{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }`),
    'in many ways below': post(`{ __schema { types { ${many(50, (n) => `a${n}: fields { name description }`)} } } }`),
  },
  variables: {
    'that nest filters': post(DEALS, { variables: { f: filterOf(1_500) } }),
    'that nest nots': post(DEALS, { variables: { f: notOf(2_000) } }),
    'that nest within what is counted, beyond what is compiled': post(DEALS, { variables: { f: notOf(98) } }),
    'of many values': post(DEALS, { variables: { f: { or: Array.from({ length: 30_000 }, () => ({ title: { eq: 'x' } })) } } }),
    'that are not asked for': post('{ viewer { id } }', {
      variables: Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`v${n}`, n])),
    }),
    'with many faults': post(DEALS, { variables: { f: { or: Array.from({ length: 2_000 }, () => ({ nothing: 1 })) } } }),
    'with a huge fault': post(DEALS, { variables: { f: 'x'.repeat(900_000) } }),
    'with a huge list': post('query ($ids: [ID!]) { deals(filter: { id: { in: $ids } }) { totalCount } }', {
      variables: { ids: Array.from({ length: 20_000 }, () => 'x') },
    }),
    'that are no object': post('{ viewer { id } }', { variables: [1] }),
    'that are text': post('{ viewer { id } }', { variables: '{"a":1}' }),
    'with a number beyond numbers': raw(
      '{"query":"query ($n: Int) { deals(first: $n) { totalCount } }","variables":{"n":1e999}}',
    ),
    'with a number of many digits': raw(
      `{"query":"query ($n: Int) { deals(first: $n) { totalCount } }","variables":{"n":${'9'.repeat(100_000)}}}`,
    ),
  },
  'a body': {
    'that is no JSON': raw('{"query":'),
    'that is empty': raw(''),
    'that is null': raw('null'),
    'that is a number': raw('1'),
    'that is text': raw('"{ viewer { id } }"'),
    'that is a batch': raw(`[${many(10_000, () => '{"query":"{__typename}"}', ',')}]`),
    'that is a batch within the limits': raw(`[${many(2_000, () => '{"query":"{__typename}"}', ',')}]`),
    'of empty objects': raw(`{"query":"{ viewer { id } }","variables":{"a":[${many(340_000, () => '{}', ',')}]}}`),
    'of keys': raw(`{${many(80_000, (n) => `"k${n}":1`, ',')}}`),
    'of a string of quotes': raw(`{"query":"${'\\"'.repeat(300_000)}"}`),
    'of a string of backslashes': raw(`{"query":"${'\\'.repeat(500_000)}"}`),
    'that nests arrays': raw('['.repeat(500_000) + ']'.repeat(500_000)),
    'that nests objects': raw(nested(150_000, '{"a":', '1', '}')),
    'that is not UTF-8': raw(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x7d])),
    'whose document is not UTF-8': raw(
      Buffer.concat([Buffer.from('{"query":"{ vi'), Buffer.from([0xff, 0xc3, 0x28]), Buffer.from('ewer }"}')]),
    ),
    'whose document has a NUL': post('{ viewer\u0000 { id } }'),
    'of NULs': raw(Buffer.alloc(100_000)),
    'that says it is longer than allowed': raw('x'.repeat(1_100_000)),
    'that poisons prototypes': raw('{"query":"{ viewer { id } }","__proto__":{"isAdmin":true}}'),
    'that poisons prototypes in variables': raw('{"query":"{ viewer { id } }","variables":{"__proto__":{"isAdmin":true}}}'),
    'that poisons constructors': raw('{"query":"{ viewer { id } }","variables":{"constructor":{"prototype":{"isAdmin":true}}}}'),
    'without a document': raw('{"variables":{}}'),
    'whose document is a tree': raw('{"query":{"kind":"Document","definitions":[]}}'),
    'whose document is a number': raw('{"query":1}'),
    'whose document is empty': raw('{"query":""}'),
    'with an operation of another name': raw('{"query":"query A { viewer { id } }","operationName":"B"}'),
    'with a very long name of an operation': raw(
      JSON.stringify({ query: '{ viewer { id } }', operationName: 'x'.repeat(500_000) }),
    ),
    'that is packed': raw(Buffer.from('1f8b0800000000000003ab562a2c4d2daa5400d1b99945a900', 'hex'), {
      'content-encoding': 'gzip',
    }),
  },
  'a request that another site could send:': {
    'a form': raw('query=%7B__typename%7D', { 'content-type': 'application/x-www-form-urlencoded' }),
    'a form of many parts': raw(
      '--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query":"{__typename}"}\r\n--x--',
      {
        'content-type': 'multipart/form-data; boundary=x',
      },
    ),
    'plain text': raw('{"query":"{__typename}"}', { 'content-type': 'text/plain' }),
    'plain text that says it is JSON too': raw('{"query":"{__typename}"}', { 'content-type': 'text/plain; application/json' }),
    'a bare GET': get('{ __typename }'),
  },
  'a GET': {
    'of a mutation': get('mutation { logout { endedSessions } }', { 'apollo-require-preflight': '1' }),
    'of a subscription': get('subscription { deals { id } }', { 'apollo-require-preflight': '1' }),
    'of variables that are no JSON': () => ({
      method: 'GET',
      path: '/graphql?query=%7B__typename%7D&variables=%7B',
      headers: { 'apollo-require-preflight': '1' },
    }),
    'of two documents': () => ({
      method: 'GET',
      path: '/graphql?query=%7B__typename%7D&query=%7B__typename%7D',
      headers: { 'apollo-require-preflight': '1' },
    }),
    'of a very long document': get(`{ ${'__typename '.repeat(3_000)} }`, { 'apollo-require-preflight': '1' }),
    'that is malformed': () => ({ method: 'GET', path: '/graphql?query=%', headers: { 'apollo-require-preflight': '1' } }),
  },
  headers: {
    'of too many bytes': raw('{"query":"{__typename}"}', { 'x-flood': 'x'.repeat(20_000) }),
    'of too great a number': raw(
      '{"query":"{__typename}"}',
      Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`x-${n}`, '1'])),
    ),
    'that accept nothing we have': raw('{"query":"{ nothing }"}', { accept: 'image/png' }),
  },
  'a method': {
    'that is not for documents': () => ({ method: 'PUT', body: '{"query":"{__typename}"}' }),
    'that nobody knows': () => ({ method: 'PROPFIND' }),
  },
  'a persisted query': {
    'under a hash that is not its own': post('{ viewer { id } }', {
      extensions: {
        persistedQuery: { version: 1, sha256Hash: createHash('sha256').update('{ viewer { email } }').digest('hex') },
      },
    }),
    'under a hash that is no text': raw('{"extensions":{"persistedQuery":{"version":1,"sha256Hash":{"toString":1}}}}'),
    'under a very long hash': raw(
      JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(500_000) } } }),
    ),
    'of another version': raw(JSON.stringify({ extensions: { persistedQuery: { version: 2, sha256Hash: 'a'.repeat(64) } } })),
    'that is a number': raw('{"extensions":{"persistedQuery":1}}'),
  },
  'an operation': {
    'that is a subscription': post('subscription { deals { id } }'),
    'that is none': post('fragment F on User { id }'),
    'that defines types': post('type Query { hacked: String }'),
    'among many, without its name': post('query A { viewer { id } } query B { viewer { id } }'),
  },
};

describe.each(Object.entries(ATTACKS))('%s', (_, attacks) => {
  test.each(Object.entries(attacks))('%s is refused, small and soon', async (__, make) => {
    await expectRefused(make);
  });
});

test('keys that stand twice count once, and nothing else of a body counts', async () => {
  const { status, text } = await attack({
    body: '{"query":"{ viewer { id } }","query":"{ __typename }","toString":1,"extra":{}}',
  });
  expect([status, text]).toEqual([200, '{"data":{"__typename":"Query"}}\n']);
});

test('a document within the limits but as dear as they allow is answered or refused at a bearable price', async () => {
  const documents = [
    `{ ${'viewer { id } '.repeat(330)} }`,
    `{ ${many(50, (n) => `...F${n}`)} } ${many(50, (n) => `fragment F${n} on Query { viewer { ${'id '.repeat(15)} } }`)}`,
    `{ ${many(100, (n) => `a${n}: viewer { id email displayName role }`)} }`,
  ];
  for (const query of documents) {
    let cheapest = Infinity;
    for (let nth = 0; nth < TRIES && cheapest > MOST_CPU_MS / 2; nth += 1) {
      const before = await cpu();
      const { status } = await attack(post(query)(nth));
      expect(status).toBeLessThan(500);
      cheapest = Math.min(cheapest, (await cpu()) - before);
    }
    if (process.env['PULSE_SHOW_COSTS']) process.stderr.write(`${cheapest.toFixed(1)} ms ${query.slice(0, 60)}\n`);
    expect(cheapest).toBeLessThan(MOST_CPU_MS);
  }
});
