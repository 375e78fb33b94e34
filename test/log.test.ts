import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeLog } from '../src/log.js';
import { doDueJobs } from '../src/worker.js';
import { openStage, PASSWORD, type Answer, type Stage } from './support/app.js';
import { ROOT, SECRET } from './support/cluster.js';
import { person, seedPerson, tokensOf, type Person } from './support/person.js';
import type { Organization } from './support/world.js';

/** Everything that a word of somebody's could be in, in a word of its own. */
interface Scene {
  person: Person;
  tokens: string[];
}

const lines: string[] = [];
const log = makeLog('trace', false, ROOT, { write: (line) => void lines.push(line) });

let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage({ log, logOperations: 'all', throttleScale: 1 });
  org = await stage.world.organization();
});
afterAll(() => stage.close());
beforeEach(() => void lines.splice(0));

/** Lines of one message, as they were written. */
const told = (message: string): Record<string, unknown>[] =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === message);
const codeOf = ({ errors }: Answer): string | undefined => errors?.[0]?.extensions.code;
const found = (all: string, tokens: readonly string[]): string[] => tokens.filter((token) => all.includes(token));
const REACHES = 'mutation ($i: CreateContactInput!) { createContact(input: $i) { contact { id } } }';

function scene(): Scene {
  const p = { ...person(), password: `zqpass${Date.now()}word`, agent: 'zqagent7', cookie: 'zqcookie7', header: 'zqheader7' };
  return { person: p, tokens: tokensOf(p) };
}

test('an operation has one line, with its request, name, document, organization, price, statements and codes', async () => {
  const token = stage.tokenOf(org);
  const good = await stage.send('query Board { deals { nodes { id contact { id } } } viewer { id } }', { token });
  const bad = await stage.send('query Lost { deal(id: "x") { id } nothing }', { token });
  const visitor = await stage.send('{ viewer { id } }');
  expect(told('operation')).toEqual([
    expect.objectContaining({
      level: 30,
      requestId: good.headers.get('x-request-id'),
      type: 'query',
      operation: 'Board',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      orgId: org.id,
      via: 'SESSION',
      ms: expect.any(Number),
      cost: { requested: expect.any(Number), actual: expect.any(Number) },
      codes: [],
    }),
    expect.objectContaining({
      requestId: bad.headers.get('x-request-id'),
      operation: null,
      type: null,
      codes: ['GRAPHQL_VALIDATION_FAILED'],
    }),
    expect.objectContaining({ requestId: visitor.headers.get('x-request-id'), orgId: null, codes: ['UNAUTHENTICATED'] }),
  ]);
  expect(told('operation')[0]?.['statements']).toBeGreaterThanOrEqual(2);
});

test('the statements of a change are counted, those of its payload too', async () => {
  await stage.send(REACHES, { token: stage.tokenOf(org), variables: { i: { firstName: 'A', lastName: 'B' } } });
  expect(told('operation')[0]).toMatchObject({ type: 'mutation', codes: [] });
  expect(told('operation')[0]?.['statements']).toBeGreaterThanOrEqual(4);
});

/** Failures of every kind, each with the scene's words in it. */
async function failures({ person: p }: Scene): Promise<(string | undefined)[]> {
  const token = stage.tokenOf(org);
  const [email, first] = [p['email'] ?? '', p['firstName'] ?? ''];
  const login = 'mutation ($i: LoginInput!) { login(input: $i) { accessToken } }';
  const answers = await Promise.all([
    stage.send(login, { variables: { i: { email, password: p['password'] } } }),
    stage.send('mutation ($t: String) { refreshToken(refreshToken: $t) { accessToken } }', { variables: { t: first } }),
    stage.send('mutation ($i: RegisterInput!) { register(input: $i) { __typename } }', {
      variables: { i: { email, firstName: first, lastName: first, organizationName: first, password: 'short' } },
    }),
    stage.send('mutation ($e: String!) { requestPasswordReset(email: $e) { __typename } }', { variables: { e: email } }),
    stage.send(`{ contact(id: "${first}") { id } `, { token }),
    stage.send(`{ contacts(filter: { email: { eq: ${first} } }) { nodes { id } } }`, { token }),
    stage.send(`{ contacts(first: "${first}") { nodes { id } } }`, { token }),
    stage.send('query ($f: ContactFilter) { contacts(filter: $f) { nodes { id } } }', {
      token,
      variables: { f: { [first]: email } },
    }),
    stage.send(`{ contacts(after: "${first}") { nodes { id } } }`, { token }),
    stage.send(REACHES, { token, variables: { i: { firstName: first, lastName: first, email: first } } }),
    stage.send(REACHES, { token: stage.tokenOf(org, 'VIEWER'), variables: { i: { firstName: first, lastName: first } } }),
    stage.send(`{ search(text: "${first}") { nodes { __typename } } }`, { token }),
    stage.send('{ viewer { id } }', { token: first }),
  ]);
  return answers.map(codeOf);
}

/** What goes wrong before GraphQL. */
async function brokenRequests({ person: p }: Scene): Promise<void> {
  const first = p['firstName'] ?? '';
  const json = { 'content-type': 'application/json', 'user-agent': p['agent'] ?? '', cookie: `pulse_refresh=${p['cookie']}` };
  const headers = {
    ...json,
    'x-forwarded-for': p['header'] ?? '',
    'x-request-id': p['header'] ?? '',
    referer: `http://${first}`,
  };
  await Promise.all([
    fetch(`${stage.url}/graphql`, { method: 'POST', headers, body: `{"query": "{ ${first}` }),
    fetch(`${stage.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query: 7, variables: first }) }),
    fetch(`${stage.url}/graphql`, { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body: first }),
    fetch(`${stage.url}/graphql?query=${first}&variables=${first}`, { headers }),
    fetch(`${stage.url}/exports/${first}?email=${p['email']}`, { headers }),
    fetch(`${stage.url}/${first}`, { headers }),
  ]);
  const socket = connect(Number(new URL(stage.url).port), '127.0.0.1').end(
    `GET /${first} HTTP/9\r\nauthorization: ${first}\r\n\r\n`,
  );
  await text(socket);
}

/** Makes PostgreSQL say values: in messages, in details, and of what it reads. */
async function faults({ person: p }: Scene): Promise<Answer[]> {
  const token = stage.tokenOf(org);
  const client = stage.world.client;
  const input = { firstName: p['firstName'], lastName: p['lastName'], email: p['email'], phone: p['phone'] };
  const create = (more: object = {}): Promise<Answer> => stage.send(REACHES, { token, variables: { i: { ...input, ...more } } });
  await client.query(`ALTER TABLE contacts ADD CONSTRAINT no_tests CHECK (job_title <> 'fault') NOT VALID`);
  await client.query(`CREATE FUNCTION public.spill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.job_title = 'spill' THEN RAISE EXCEPTION 'cannot keep % of %', NEW.first_name, NEW.email USING DETAIL = NEW.email, HINT = NEW.last_name; END IF;
    IF NEW.job_title = 'cast' THEN PERFORM NEW.email::int; END IF; RETURN NEW; END $$`);
  await client.query('CREATE TRIGGER spill BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION public.spill()');
  const written = [await create({ jobTitle: 'fault' }), await create({ jobTitle: 'spill' }), await create({ jobTitle: 'cast' })];
  await client.query('ALTER TABLE contacts DROP CONSTRAINT no_tests');
  await client.query('DROP TRIGGER spill ON contacts');
  await create();
  const { rows } = await client.query<{ text: string }>(`SELECT pg_get_viewdef('read.contacts'::regclass) AS text`);
  const view = (rows[0]?.text ?? '').replace(/;\s*$/, '');
  await client.query(
    `CREATE FUNCTION public.cast_it(value text) RETURNS boolean LANGUAGE sql VOLATILE AS $$ SELECT value::int > 0 $$`,
  );
  await client.query(`CREATE OR REPLACE VIEW read.contacts AS SELECT * FROM (${view}) AS c WHERE public.cast_it(first_name)`);
  const read = await stage.send('query Reads { contacts { nodes { id firstName } } }', { token });
  await client.query(`CREATE OR REPLACE VIEW read.contacts AS ${view}`);
  return [...written, read];
}

async function jobs(p: Person): Promise<void> {
  const invite = 'mutation ($i: InviteUserInput!) { inviteUser(input: $i) { invitation { id } } }';
  const mailer = async ({ to }: { to: string }): Promise<void> => {
    if (to.startsWith('refused'))
      throw Object.assign(new Error(`550 no mailbox for ${to}`), { code: 'EENVELOPE', responseCode: 550 });
  };
  for (const email of [`refused.${p['email']}`, p['oldEmail']])
    await stage.send(invite, { token: stage.tokenOf(org, 'ADMIN'), variables: { i: { email, role: 'MEMBER' } } });
  const settings = {
    workerUrl: stage.database.workerUrl,
    webUrl: 'https://app.example',
    mailFrom: 'crm@example.com',
    mailer,
    log,
  };
  await doDueJobs(stage.app, settings);
}

test('no word of anybody is in the log, at its most talkative: of what succeeds, fails, is broken, goes wrong inside, and of jobs', async () => {
  const everything = scene();
  const { person: p, tokens } = everything;
  const home = await stage.world.organization();
  await seedPerson(async (query, variables) => {
    const { data, errors } = await stage.send(query, { token: stage.tokenOf(home, 'ADMIN'), variables: { ...variables } });
    expect(errors).toBeUndefined();
    return Object.values(data as object)[0] as never;
  }, p);
  const codes = await failures(everything);
  await brokenRequests(everything);
  const broken = await faults(everything);
  await jobs(p);
  for (const code of [
    'INVALID_CREDENTIALS',
    'INVALID_INPUT',
    'FORBIDDEN',
    'GRAPHQL_PARSE_FAILED',
    'BAD_USER_INPUT',
    'UNAUTHENTICATED',
  ])
    expect(codes).toContain(code);
  expect(broken.map(codeOf)).toEqual(['INTERNAL', 'INTERNAL', 'INTERNAL', 'INTERNAL']);
  expect(found(lines.join(''), tokens)).toEqual([]);
  expect(told('operation').length).toBeGreaterThan(30);
  // What is needed to find the fault is there.
  const inside = told('operation failed') as { err: Record<string, unknown>; requestId: string; path: unknown }[];
  expect(inside.map(({ err }) => [err['sqlState'], err['constraint'], err['stack']])).toEqual([
    ['23514', 'no_tests', expect.stringContaining('src/')],
    ['P0001', undefined, expect.stringContaining('src/')],
    ['22P02', undefined, expect.stringContaining('src/')],
    ['22P02', undefined, expect.stringContaining('src/')],
  ]);
  expect(inside.map(({ requestId }) => requestId)).toEqual(broken.map(({ headers }) => headers.get('x-request-id')));
  expect(told('job')).toContainEqual(
    expect.objectContaining({ task: 'mail', jobId: expect.any(String), orgId: org.id, ms: expect.any(Number) }),
  );
  expect(told('A job failed and is tried again.')).toContainEqual(
    expect.objectContaining({ failure: expect.stringMatching(/550/), orgId: org.id }),
  );
});

test('errors that a line holds anywhere, bare or of a library, tell where they were made and not what they say', () => {
  const secret = 'zqsecret';
  const library = Object.assign(new Error(`Key (email)=(${secret}) already exists\n    at ${secret}`), {
    code: '23505',
    detail: secret,
    constraint: 'users_email',
  });
  log.error(library);
  log.warn({ err: library }, undefined);
  log.info({ deep: { held: [library] }, cause: new Error('x', { cause: library }) }, 'nested');
  log.error({ err: new TypeError(`Iterator value ${secret} is not an entry object`) }, 'native');
  log.error({ err: new Error(`No room for: ${secret}`) }, 'ours');
  log.error(
    {
      err: (() => {
        try {
          return JSON.parse(`"a":"${secret}"`) as unknown;
        } catch (error) {
          return error;
        }
      })(),
    },
    'parsed',
  );
  expect(lines).toHaveLength(6);
  expect(lines.join('')).not.toContain(secret);
  expect(told('fault')[0]).toMatchObject({
    err: { code: '23505', sqlState: '23505', constraint: 'users_email', stack: expect.stringContaining('log.test') },
  });
  expect(told('ours')[0]).toMatchObject({ err: { message: 'No room for …' } });
});

test('LOG_OPERATIONS=failed and the process itself: nothing of a sign-in or a fault is on its standard output', async () => {
  const { person: p, tokens } = scene();
  const { ownerUrl, appUrl, signinUrl, workerUrl } = stage.database;
  const env = {
    ...{
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_ENV: 'production',
      PORT: '0',
      HOST: '127.0.0.1',
      SECRET_KEY: SECRET,
    },
    ...{ DATABASE_URL: ownerUrl, APP_DATABASE_URL: appUrl, SIGNIN_DATABASE_URL: signinUrl, WORKER_DATABASE_URL: workerUrl },
    ...{ LOG_LEVEL: 'trace', LOG_OPERATIONS: 'failed', DEMO_DATA: 'off', DRAIN_MS: '0', BCRYPT_COST: '4' },
  };
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'close');
  let shown = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  try {
    while (!shown.includes('is ready') && child.exitCode === null) await sleep(50);
    const url = /http:\/\/localhost:\d+/.exec(shown)?.[0] ?? shown;
    const ask = async (query: string, variables: object): Promise<unknown> =>
      (
        await fetch(`${url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'user-agent': p['agent'] ?? '' },
          body: JSON.stringify({ query, variables }),
        })
      ).json();
    const login = 'mutation In($i: LoginInput!) { login(input: $i) { accessToken } }';
    await ask(login, { i: { email: org.users.MEMBER.email, password: PASSWORD } });
    await ask(login, { i: { email: p['email'], password: p['password'] } });
    await ask(`{ ${p['firstName']} }`, {});
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
  const operations = shown.split('\n').filter((line) => line.includes('"msg":"operation"'));
  expect(operations.map((line) => (JSON.parse(line) as { codes: string[] }).codes)).toEqual([
    ['INVALID_CREDENTIALS'],
    ['GRAPHQL_VALIDATION_FAILED'],
  ]);
  expect(found(shown, [...tokens, org.users.MEMBER.email, PASSWORD])).toEqual([]);
}, 30_000);
