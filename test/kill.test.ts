import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type pg from 'pg';
import { openStage, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import { connect } from './support/database.js';
import type { ServerProcessSettings } from './support/server-process.js';
import type { Organization } from './support/world.js';

/** A server that can be killed like a power cut: SIGKILL, no farewell. */
interface Victim {
  url: string;
  kill(): Promise<void>;
}

let stage: Stage;
let org: Organization;
let token: string;
/** Holds locks, so that a request stops where a test wants it. */
let gate: pg.Client;
/** Alive, until a test kills it. */
let server: Victim;
/** Started while a test runs with the one before it. */
let spare: Promise<Victim>;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  stage = await openStage();
  gate = await connect(stage.database.ownerUrl);
  server = await startServer();
  spare = startServer();
}, 60_000);
beforeEach(async () => {
  org = await stage.world.organization();
  token = stage.tokenOf(org);
});
afterEach(() => gate.query('ROLLBACK'));
afterAll(async () => {
  await spare;
  for (const child of children) child.kill('SIGKILL');
  await gate.end();
  await stage.close();
});

async function startServer(): Promise<Victim> {
  const settings: ServerProcessSettings = stage.database;
  const file = path.join(ROOT, 'test/support/server-process.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', file, JSON.stringify(settings)], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.add(child);
  const ended = once(child, 'exit');
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    children.delete(child);
  };
  return { url, kill };
}

/** Kills the server; another one, already up, takes its place. */
async function killServer(): Promise<void> {
  await server.kill();
  server = await spare;
  spare = startServer();
  spare.catch(() => undefined);
}

type Body = { data?: any; errors?: unknown }; // eslint-disable-line @typescript-eslint/no-explicit-any -- as Answer.data

async function post(query: string, variables: object): Promise<Body> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Body;
}

/** Whether the answer came before the server died. */
function isAnswered(answer: Promise<Body>): Promise<boolean> {
  return answer.then(
    () => true,
    () => false,
  );
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Asks PostgreSQL, from outside, until it says yes. */
async function until(condition: string, values: unknown[] = []): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await pause(1)) {
    const { rows } = await stage.world.client.query<{ yes: boolean }>(`SELECT (${condition}) AS yes`, values);
    if (rows[0]?.yes) return;
  }
  throw new Error(`It never came true: ${condition}`);
}

const dealIsThere = (): Promise<void> => until('EXISTS (SELECT 1 FROM deals WHERE org_id = $1)', [org.id]);
/** Sessions of this database with their locks; databases of one template share the numbers of their tables. */
const LOCKS = 'SELECT 1 FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) WHERE a.datname = current_database()';
const someoneWaitsFor = (table: string): Promise<void> =>
  until(`EXISTS (${LOCKS} AND l.relation = $1::regclass AND NOT l.granted)`, [table]);
const nobodyLocks = (table: string): Promise<void> =>
  until(`NOT EXISTS (${LOCKS} AND l.relation = $1::regclass AND l.granted)`, [table]);
const someoneWaitsForATransaction = (): Promise<void> =>
  until(`EXISTS (${LOCKS} AND l.locktype = 'transactionid' AND NOT l.granted)`);

async function lock(statement: string): Promise<void> {
  await gate.query('BEGIN');
  await gate.query(statement);
}

/** Rows of this organization by table. */
async function counts(): Promise<Record<string, number>> {
  const tables = ['deals', 'audit_logs', 'deal_history', 'idempotency_keys'];
  const each = tables.map((table) => `(SELECT count(*)::int FROM ${table} WHERE org_id = $1) AS ${table}`);
  const { rows } = await stage.world.client.query<Record<string, number>>(`SELECT ${each.join(', ')}`, [org.id]);
  return rows[0] ?? {};
}

const ONCE = { deals: 1, audit_logs: 1, deal_history: 1, idempotency_keys: 1 };
const NOTHING = { deals: 0, audit_logs: 0, deal_history: 0, idempotency_keys: 0 };
const CREATE =
  'mutation ($key: String!) { createDeal(input: { title: "Once", value: "12.50" }) @idempotent(key: $key) { deal { id version activities { totalCount } } } }';

/** The same request to a new server: one deal, made once. */
async function retryIsOne(key: string): Promise<string> {
  const { data, errors } = await post(CREATE, { key });
  expect(errors).toBeUndefined();
  expect(data.createDeal.deal).toMatchObject({ version: 1, activities: { totalCount: 0 } });
  expect(await counts()).toEqual(ONCE);
  return data.createDeal.deal.id as string;
}

test('killed between commit and answer: the retry answers the same deal, made once', async () => {
  const key = randomUUID();
  await lock('LOCK TABLE activities IN ACCESS EXCLUSIVE MODE');
  const answered = isAnswered(post(CREATE, { key }));
  await dealIsThere();
  await killServer();
  expect(await answered).toBe(false);
  await gate.query('ROLLBACK');
  const { rows } = await stage.world.client.query<{ id: string }>('SELECT id FROM deals WHERE org_id = $1', [org.id]);
  expect(await counts()).toEqual(ONCE);
  expect(await retryIsOne(key)).toBe(rows[0]?.id);
}, 60_000);

test('killed between commit and answer: an update is not carried out again, though its expectedVersion is stale by then', async () => {
  const id = await stage.world.deal(org);
  const query =
    'mutation ($id: ID!, $key: String!) { updateDeal(id: $id, input: { title: "Changed" }, expectedVersion: 1) @idempotent(key: $key) { deal { title version activities { totalCount } } } }';
  const variables = { id, key: randomUUID() };
  await lock('LOCK TABLE activities IN ACCESS EXCLUSIVE MODE');
  const answered = isAnswered(post(query, variables));
  await until('EXISTS (SELECT 1 FROM deals WHERE id = $1 AND version = 2)', [id]);
  await killServer();
  expect(await answered).toBe(false);
  await gate.query('ROLLBACK');
  const { data, errors } = await post(query, variables);
  expect(errors).toBeUndefined();
  expect(data.updateDeal.deal).toMatchObject({ title: 'Changed', version: 2 });
  expect(await counts()).toMatchObject({ deals: 1, audit_logs: 1, idempotency_keys: 1 });
}, 60_000);

test('killed before the commit, while its deal waits: nothing is there, and the retry makes it once', async () => {
  const key = randomUUID();
  await lock('LOCK TABLE deals IN EXCLUSIVE MODE');
  const answered = isAnswered(post(CREATE, { key }));
  await someoneWaitsFor('deals');
  await killServer();
  expect(await answered).toBe(false);
  await gate.query('ROLLBACK');
  await nobodyLocks('deals');
  expect(await counts()).toEqual(NOTHING);
  await retryIsOne(key);
}, 60_000);

test('killed while its facts wait: they were sent with the commit, so all of it is there, and the retry answers the same deal', async () => {
  const key = randomUUID();
  await lock('LOCK TABLE audit_heads IN EXCLUSIVE MODE');
  const answered = isAnswered(post(CREATE, { key }));
  await someoneWaitsFor('audit_heads');
  await killServer();
  expect(await answered).toBe(false);
  await gate.query('ROLLBACK');
  await dealIsThere();
  expect(await counts()).toEqual(ONCE);
  await retryIsOne(key);
}, 60_000);

test('a retry that comes while the dead server’s transaction still hangs waits for its end, and makes it once', async () => {
  const key = randomUUID();
  await lock('LOCK TABLE audit_heads IN EXCLUSIVE MODE');
  const answered = isAnswered(post(CREATE, { key }));
  await someoneWaitsFor('audit_heads');
  await killServer();
  expect(await answered).toBe(false);
  const retry = retryIsOne(key);
  await someoneWaitsForATransaction();
  await gate.query('ROLLBACK');
  await retry;
}, 60_000);

test('killed at any other moment: the retry makes it once', async () => {
  for (const moment of [0, 5, 12, 25]) {
    org = await stage.world.organization();
    token = stage.tokenOf(org);
    const key = randomUUID();
    await post('{ viewer { id } }', {});
    const answered = isAnswered(post(CREATE, { key }));
    await pause(moment);
    await killServer();
    await answered;
    await retryIsOne(key);
  }
}, 120_000);

test('killed as soon as another connection sees the deal: the retry makes it once', async () => {
  const key = randomUUID();
  const answered = isAnswered(post(CREATE, { key }));
  await dealIsThere();
  await killServer();
  await answered;
  await retryIsOne(key);
}, 60_000);
