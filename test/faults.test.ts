import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { executeCompiled } from '../src/graphql/compiled/index.js';
import { openMetrics } from '../src/metrics.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import { openOwnPostgres, type OwnPostgres } from './support/own-postgres.js';
import type { Organization } from './support/world.js';

const DEADLINE_MS = 2_500;

let postgres: OwnPostgres;
let stage: Stage;
let org: Organization;
let token: string;

beforeAll(async () => {
  postgres = await openOwnPostgres();
  stage = await openStage({
    // As in production, once: what is asked a moment later meets another database.
    executor: executeCompiled,
    connectTimeoutMs: 700,
    statementTimeoutMs: 30_000,
    requestTimeoutMs: DEADLINE_MS,
    receiveTimeoutMs: 800,
    sendTimeoutMs: 1_000,
  });
  stage.world.client.on('error', () => undefined);
  org = await stage.world.organization();
  token = stage.tokenOf(org, 'OWNER');
  await stage.world.deal(org);
}, 60_000);
afterAll(async () => {
  await stage.close();
  await postgres.close();
});

const read = (): Promise<Answer> => stage.send('{ deals { nodes { id } } }', { token });
const create = (id: string = randomUUID()): Promise<Answer> =>
  stage.send('mutation ($id: ID!) { createCompany(input: { id: $id, name: "Fault" }) { company { id } } }', {
    token,
    variables: { id },
  });
const codeOf = ({ errors }: Answer): string => errors?.[0]?.extensions.code ?? 'OK';
const statusOf = async (path: string): Promise<number> => (await fetch(`${stage.url}${path}`)).status;

async function timed<Value>(work: () => Promise<Value>): Promise<{ value: Value; ms: number }> {
  const since = performance.now();
  return { value: await work(), ms: performance.now() - since };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(25);
}

/** Sessions of the server's own role that are in a transaction. */
async function inTransaction(): Promise<number> {
  const client = await connect(postgres.cluster.adminUrl);
  const { rows } = await client.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = $1 AND state <> 'idle'`,
    [new URL(stage.database.appUrl).username],
  );
  await client.end();
  return rows[0]?.n ?? 0;
}

/** Holds what others want until it is let go. */
async function holding(lock: string): Promise<{ letGo: () => Promise<void> }> {
  const client = await connect(stage.database.ownerUrl);
  client.on('error', () => undefined);
  await client.query(`BEGIN; ${lock}`);
  return { letGo: () => client.end() };
}

const NO_ONE_READS_ACTIVITIES = 'LOCK TABLE activities IN ACCESS EXCLUSIVE MODE';
const readActivities = (signal?: AbortSignal): Promise<Response> => post('{ activities { nodes { id } } }', signal);
const post = (query: string, signal?: AbortSignal): Promise<Response> =>
  fetch(`${stage.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
    ...(signal && { signal }),
  });

/** Everything works again by itself, on every connection of both pools: more requests at once than there are. */
async function expectAllWell(): Promise<void> {
  await until(async () => (await statusOf('/readyz')) === 200);
  await until(async () => {
    const answers = await Promise.all([...Array.from({ length: 8 }, read), ...Array.from({ length: 4 }, () => create())]);
    return answers.every((answer) => codeOf(answer) === 'OK');
  });
}

async function expectGone(): Promise<void> {
  expect(await statusOf('/livez')).toBe(200);
  const ready = await timed(() => fetch(`${stage.url}/readyz`));
  expect([ready.value.status, ready.value.headers.get('retry-after')]).toEqual([503, '2']);
  expect(ready.ms).toBeLessThan(2_000);
}

test('a database that stops: live, not ready, requests fail at once and say when to come again; all is well when it is back', async () => {
  await expectAllWell();
  await postgres.stop();
  await expectGone();
  for (const request of [read, create]) {
    const { value, ms } = await timed(request);
    expect([codeOf(value), value.errors?.[0]?.extensions.retryAfterSeconds]).toEqual(['UNAVAILABLE', 2]);
    expect(value.headers.get('retry-after')).toBe('2');
    expect(ms).toBeLessThan(1_000);
  }
  await postgres.start();
  await expectAllWell();
});

test('a database that stands still: not ready, no request outlives its deadline; all is well when it goes on', async () => {
  const held = await holding(NO_ONE_READS_ACTIVITIES);
  const begun = timed(readActivities);
  await until(async () => (await inTransaction()) > 0);
  await postgres.freeze();
  try {
    await expectGone();
    await sleep(900);
    const answers = await Promise.all([timed(read), timed(() => create())]);
    for (const { value, ms } of answers) {
      expect(codeOf(value)).toBe('UNAVAILABLE');
      expect(ms).toBeLessThan(DEADLINE_MS);
    }
    const { value, ms } = await begun;
    expect((await value.json()) as Answer).toMatchObject({ errors: [{ extensions: { code: 'TIMEOUT' } }] });
    expect(ms).toBeLessThan(DEADLINE_MS + 1_000);
  } finally {
    postgres.thaw();
    await held.letGo();
  }
  await expectAllWell();
});

test('a database that is killed: nothing that was acknowledged is lost, and what was not is there whole or not at all', async () => {
  const answered: { id: string; code: string }[] = [];
  let killed = false;
  const writing = Array.from({ length: 4 }, async () => {
    while (!killed) {
      const id = randomUUID();
      answered.push({ id, code: codeOf(await create(id)) });
    }
  });
  await until(async () => answered.length > 40);
  await postgres.kill();
  killed = true;
  await Promise.all(writing);
  await postgres.start();
  await expectAllWell();
  const client = await connect(stage.database.ownerUrl);
  const { rows } = await client.query<{ id: string; facts: number }>(
    `SELECT c.id, (SELECT count(*)::int FROM audit_logs AS a WHERE a.org_id = c.org_id AND a.entity_id = c.id) AS facts
     FROM companies AS c WHERE c.id = ANY($1)`,
    [answered.map(({ id }) => id)],
  );
  await client.end();
  expect(rows.filter(({ facts }) => facts !== 1)).toEqual([]);
  const kept = new Set(rows.map(({ id }) => id));
  expect(answered.filter(({ id, code }) => code === 'OK' && !kept.has(id))).toEqual([]);
  expect(answered.filter(({ code }) => !['OK', 'UNAVAILABLE', 'TIMEOUT'].includes(code))).toEqual([]);
});

test('a pool that is used up: others are told so within a second, and the deadline gives the connections back', async () => {
  const held = await holding(NO_ONE_READS_ACTIVITIES);
  const begun = Array.from({ length: 4 }, () => timed(readActivities));
  await until(async () => (await inTransaction()) === 4);
  const { value, ms } = await timed(read);
  expect(codeOf(value)).toBe('UNAVAILABLE');
  expect(ms).toBeLessThan(1_500);
  for (const { value: late, ms: waited } of await Promise.all(begun)) {
    expect((await late.json()) as Answer).toMatchObject({ errors: [{ extensions: { code: 'TIMEOUT', retryAfterSeconds: 1 } }] });
    expect(waited).toBeLessThan(DEADLINE_MS + 1_000);
  }
  await until(async () => (await inTransaction()) === 0);
  expect(codeOf(await read())).toBe('OK');
  await held.letGo();
});

test('a change that takes too long is rolled back at its deadline', async () => {
  const held = await holding(`SELECT FROM organizations WHERE id = '${org.id}' FOR UPDATE`);
  const id = randomUUID();
  const { value, ms } = await timed(() => create(id));
  expect(codeOf(value)).toBe('TIMEOUT');
  expect(ms).toBeLessThan(DEADLINE_MS + 1_000);
  await until(async () => (await inTransaction()) === 0);
  await held.letGo();
  expect((await stage.send(`{ company(id: "${id}") { id } }`, { token })).data).toEqual({ company: null });
  await expectAllWell();
});

test('a client that goes away frees its connection; a change that it began is still made', async () => {
  const held = await holding(NO_ONE_READS_ACTIVITIES);
  const impatient = Array.from({ length: 4 }, () => new AbortController());
  const begun = impatient.map(({ signal }) => readActivities(signal).catch(() => undefined));
  await until(async () => (await inTransaction()) === 4);
  const { ms } = await timed(async () => {
    for (const each of impatient) each.abort();
    await until(async () => (await inTransaction()) === 0);
  });
  expect(ms).toBeLessThan(DEADLINE_MS - 500);
  await Promise.all([...begun, held.letGo()]);

  const id = randomUUID();
  const lock = await holding(`SELECT FROM organizations WHERE id = '${org.id}' FOR UPDATE`);
  const gone = new AbortController();
  const change = post(`mutation { createCompany(input: { id: "${id}", name: "Gone" }) { company { id } } }`, gone.signal);
  await until(async () => (await inTransaction()) === 1);
  gone.abort();
  await change.catch(() => undefined);
  await lock.letGo();
  await until(async () => codeOf(await stage.send(`{ company(id: "${id}") { id } }`, { token })) === 'OK');
  await until(async () => (await stage.send(`{ company(id: "${id}") { id } }`, { token })).data.company !== null);
});

/** A connection that speaks HTTP by hand. */
async function rawConnection(url = stage.url): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connectSocket(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

function requestOf(body: string): string {
  return `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer ${token}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

test('who sends too slowly is cut off, in the headers or in the body', async () => {
  const whole = requestOf(JSON.stringify({ query: '{ viewer { id } }' }));
  for (const part of [whole.slice(0, 40), whole.slice(0, -10)]) {
    const socket = await rawConnection();
    socket.resume().write(part);
    const trickle = setInterval(() => socket.write(' '), 100);
    const { ms } = await timed(() => once(socket, 'close'));
    clearInterval(trickle);
    expect(ms).toBeLessThan(5_000);
  }
  expect(codeOf(await read())).toBe('OK');
});

/** An answer of many megabytes, more than the system's buffers take. */
async function unreadAnswer(of: Stage): Promise<Socket> {
  const list = 'activities(first: 100, filter: { subject: { eq: "Long" } }) { nodes { description } }';
  const aliases = Array.from({ length: 14 }, (_, n) => `a${n}: ${list}`).join(' ');
  const socket = await rawConnection(of.url);
  socket.pause().write(requestOf(JSON.stringify({ query: `{ ${aliases} }` })));
  return socket;
}

describe('an answer that nobody reads', () => {
  beforeAll(async () => {
    const contact = await insertContact();
    const client = await connect(stage.database.ownerUrl);
    await client.query(
      `INSERT INTO activities (org_id, id, user_id, contact_id, type, subject, description)
       SELECT $1, gen_random_uuid(), $2, $3, 'NOTE', 'Long', repeat('x', 9000) FROM generate_series(1, 100)`,
      [org.id, org.users.MEMBER.id, contact],
    );
    await client.end();
  });

  async function insertContact(): Promise<string> {
    const { data } = await stage.send('mutation { createContact(input: { firstName: "A", lastName: "B" }) { contact { id } } }', {
      token,
    });
    return data.createContact.contact.id as string;
  }

  test('holds no connection of the database, and is cut off', async () => {
    const accepted = once(stage.app.http.server, 'connection') as Promise<[Socket]>;
    const socket = await unreadAnswer(stage);
    const [connection] = await accepted;
    await until(async () => connection.bytesWritten > 100_000);
    await until(async () => (await inTransaction()) === 0);
    const { ms } = await timed(() => until(async () => connection.destroyed));
    expect(ms).toBeLessThan(5_000);
    let taken = 0;
    socket.on('data', (chunk: Buffer) => (taken += chunk.length)).resume();
    await once(socket, 'close');
    expect(taken).toBeLessThan(12_000_000);
  });

  test('does not keep the server from closing', async () => {
    const other = await openStage({
      appUrl: stage.database.appUrl,
      signinUrl: stage.database.signinUrl,
      executor: executeCompiled,
    });
    const socket = await unreadAnswer(other);
    await sleep(500);
    const { ms } = await timed(() => other.close());
    expect(ms).toBeLessThan(4_000);
    socket.destroy();
  });
});

test('a server with too much to do refuses requests with a clear code, still tells that it lives, and recovers by itself', async () => {
  const metrics = openMetrics();
  const { appUrl, signinUrl } = stage.database;
  const busy = await openStage({ appUrl, signinUrl, overloadDelayMs: 50, metrics, executor: executeCompiled });
  const ask = (): Promise<Answer> => busy.send('{ viewer { id } }', { token });
  expect(codeOf(await ask())).toBe('OK');
  let over = false;
  const work = (): void => {
    const end = performance.now() + 150;
    while (performance.now() < end);
    if (!over) setTimeout(work);
  };
  work();
  let refused = await ask();
  while (refused.status !== 503) refused = await ask();
  expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 2 });
  expect(refused.headers.get('retry-after')).toBe('2');
  expect(await metrics.registry.metrics()).toMatch(/^pulse_shed_requests_total [1-9]/m);
  expect((await fetch(`${busy.url}/livez`)).status).toBe(200);
  over = true;
  await until(async () => (await ask()).status === 200);
  await busy.close();
});
