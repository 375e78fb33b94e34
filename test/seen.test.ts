import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { pino } from 'pino';
import { watchStatements } from '../src/db/watching.js';
import { executeCompiled } from '../src/graphql/compiled/index.js';
import { openMetrics, serveMetrics, type MetricsServer } from '../src/metrics.js';
import { openTraces, type Traces } from '../src/traces.js';
import { watch } from '../src/watch.js';
import { doDueJobs } from '../src/worker.js';
import { openStage, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import { testCluster } from './support/database.js';
import { person, tokensOf } from './support/person.js';
import type { Organization } from './support/world.js';

const BOARD = 'query Board { deals { nodes { id } totalCount } }';
const CREATE = 'mutation Make($i: CreateContactInput!) { createContact(input: $i) { contact { id lastName } } }';

/** A span as OTLP writes it in JSON. */
interface Sent {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  status: { code?: number; message?: string };
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
}
interface Payload {
  resourceSpans: { resource: { attributes: Sent['attributes'] }; scopeSpans: { spans: Sent[] }[] }[];
}

let stage: Stage;
let org: Organization;
let collector: Server;
let traces: Traces;
let shown: MetricsServer;
const metrics = openMetrics();
const payloads: Payload[] = [];
const paths: string[] = [];

beforeAll(async () => {
  collector = createServer((request, response) => {
    paths.push(request.url ?? '');
    void json(request).then((payload) => {
      payloads.push(payload as Payload);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  traces = openTraces(`http://127.0.0.1:${(collector.address() as AddressInfo).port}/`, 'pulse-test');
  shown = await serveMetrics(metrics.registry, '127.0.0.1', 0);
  const trustedDocuments = { mode: 'preferred' as const, documents: new Map([['board', BOARD]]) };
  stage = await openStage({ metrics, traces, trustedDocuments, executor: executeCompiled });
  org = await stage.world.organization();
  for (let n = 0; n < 3; n += 1) await stage.world.deal(org);
}, 30_000);
afterAll(async () => {
  await Promise.all([stage.close(), shown.close()]);
  collector.close();
});

async function scrape(): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${shown.port}/metrics`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')]);
  return response.text();
}

/** The value of one series; undefined when there is none. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

const seriesOf = (text: string, name: string): string[] => text.split('\n').filter((line) => line.startsWith(`${name}{`));

test('operations are counted by type, trusted name and error; names of strangers make no series, nor do their errors', async () => {
  const token = stage.tokenOf(org);
  for (let n = 0; n < 3; n += 1) await stage.send(BOARD, { token });
  for (let n = 0; n < 20; n += 1) await stage.send(`query Stranger${n} { viewer { id } a${n}: __typename }`, { token });
  await stage.send(`query Board { viewer { id } }`, { token });
  await stage.send('{ viewer { id } }');
  await stage.send('{ nothing }', { token });
  await stage.send('{', { token });
  await stage.send(CREATE, { token, variables: { i: { firstName: 'Ada', lastName: 'Lovelace' } } });
  const text = await scrape();
  expect(valueOf(text, 'pulse_operations_total{type="query",name="Board",code="OK"}')).toBe(3);
  expect(valueOf(text, 'pulse_operations_total{type="query",name="other",code="OK"}')).toBe(21);
  expect(valueOf(text, 'pulse_operations_total{type="query",name="other",code="UNAUTHENTICATED"}')).toBe(1);
  expect(valueOf(text, 'pulse_operations_total{type="none",name="other",code="GRAPHQL_VALIDATION_FAILED"}')).toBe(1);
  expect(valueOf(text, 'pulse_operations_total{type="none",name="other",code="GRAPHQL_PARSE_FAILED"}')).toBe(1);
  expect(valueOf(text, 'pulse_operations_total{type="mutation",name="other",code="OK"}')).toBe(1);
  expect(seriesOf(text, 'pulse_operations_total')).toHaveLength(6);
  expect(text).not.toContain('Stranger');
  expect(valueOf(text, 'pulse_operation_seconds_count{type="query",name="Board"}')).toBe(3);
  expect(valueOf(text, 'pulse_operation_statements_sum{type="query"}')).toBeGreaterThanOrEqual(3 * 2 + 21);
  expect(valueOf(text, 'pulse_operation_statements_sum{type="mutation"}')).toBeGreaterThanOrEqual(3);
  expect(valueOf(text, 'pulse_operation_cost_points_count{kind="requested"}')).toBe(26);
  const [asked, actual] = ['requested', 'actual'].map(
    (kind) => valueOf(text, `pulse_operation_cost_points_sum{kind="${kind}"}`) ?? 0,
  );
  expect(asked).toBeGreaterThan(actual ?? 0);
  expect(valueOf(text, 'pulse_loader_batch_keys_count')).toBeGreaterThan(20);
});

test('pools, the event loop, the process and jobs are told; nothing else is answered there, and nothing of it at the API', async () => {
  const input = { email: `new${Date.now()}@example.com`, role: 'MEMBER' };
  const invite = 'mutation ($i: InviteUserInput!) { inviteUser(input: $i) { invitation { id } } }';
  await stage.send(invite, { token: stage.tokenOf(org, 'ADMIN'), variables: { i: input } });
  await stage.send(invite, { token: stage.tokenOf(org, 'ADMIN'), variables: { i: { ...input, email: `x${input.email}` } } });
  const mailer = async ({ to }: { to: string }): Promise<void> => {
    if (to.startsWith('x')) throw new Error('no');
  };
  const settings = { workerUrl: stage.database.workerUrl, webUrl: 'https://app.example', mailFrom: 'crm@example.com', mailer };
  await doDueJobs(stage.app, { ...settings, log: pino({ level: 'silent' }), metrics });
  const text = await scrape();
  for (const pool of ['read', 'write', 'signin']) {
    expect(valueOf(text, `pulse_pool_connections{pool="${pool}",state="idle"}`)).toBeGreaterThanOrEqual(
      pool === 'signin' ? 0 : 1,
    );
    expect(valueOf(text, `pulse_pool_waiting{pool="${pool}"}`)).toBe(0);
  }
  expect(valueOf(text, 'pulse_jobs_total{task="mail",outcome="done"}')).toBe(1);
  expect(valueOf(text, 'pulse_jobs_total{task="mail",outcome="failed"}')).toBe(1);
  expect(valueOf(text, 'pulse_job_seconds_count{task="mail"}')).toBe(2);
  expect(valueOf(text, 'pulse_shed_requests_total')).toBe(0);
  expect(valueOf(text, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
  expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(1e7);
  expect((await fetch(`http://127.0.0.1:${shown.port}/`)).status).toBe(404);
  expect((await fetch(`${stage.url}/metrics`)).status).toBe(404);
  await expect(serveMetrics(metrics.registry, '127.0.0.1', shown.port)).rejects.toThrow(/METRICS_PORT/);
});

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error('It did not come to be so within 30 s.');
    await sleep(25);
  }
}

interface WorkerProcess {
  /** What the terminal shows of it, as soon as this text is there. */
  shows(text: string): Promise<string>;
  /** Interrupts it as Ctrl-C does. Resolves to its exit code. */
  interrupt(): Promise<number | null>;
}

/** `npm run worker` from its sources, on the stage's database, with metrics on a port that it chooses. */
function launchWorker(folder: string): WorkerProcess {
  const { ownerUrl, appUrl, signinUrl, workerUrl } = stage.database;
  const { PATH = '', HOME = '' } = process.env;
  const env = {
    ...{ PATH, HOME, PULSE_DATA_DIR: folder, SECRET_KEY: 'a-secret-of-this-test-and-of-nothing-else', METRICS_PORT: '0' },
    ...{ DATABASE_URL: ownerUrl, APP_DATABASE_URL: appUrl, SIGNIN_DATABASE_URL: signinUrl, WORKER_DATABASE_URL: workerUrl },
    READER_ROLE: `${testCluster().template}_reader`,
  };
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/worker-cli.ts'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'close').then(([code]) => code as number | null);
  let shown = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  return {
    shows: async (text) => {
      await until(() => shown.includes(text) || child.exitCode !== null);
      if (!shown.includes(text)) throw new Error(`The worker ended early:\n${shown}`);
      return shown;
    },
    interrupt: () => (child.kill('SIGINT'), exit),
  };
}

test('a worker of its own shows its jobs at its own port, and nothing of the API', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'pulse-seen-'));
  const worker = launchWorker(folder);
  try {
    const [, address] = /Metrics are at (\S+)/.exec(await worker.shows('The worker does jobs as they come.')) ?? [];
    const series = 'pulse_jobs_total{task="mail",outcome="done"}';
    const ask = async (): Promise<string> => (await fetch(address ?? '')).text();
    expect(valueOf(await ask(), series) ?? 0).toBe(0);
    const invite = 'mutation ($i: InviteUserInput!) { inviteUser(input: $i) { invitation { id } } }';
    const email = `worker${Date.now()}@example.com`;
    const { errors } = await stage.send(invite, {
      token: stage.tokenOf(org, 'ADMIN'),
      variables: { i: { email, role: 'MEMBER' } },
    });
    expect(errors).toBeUndefined();
    await worker.shows(`Mail to ${email}`);
    // The mail is told before the job is over. Another one that had failed in an earlier test may come due, too.
    await until(async () => (valueOf(await ask(), series) ?? 0) > 0);
    const text = await ask();
    expect(valueOf(text, 'pulse_job_seconds_count{task="mail"}')).toBeGreaterThan(0);
    expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(1e7);
    expect(seriesOf(text, 'pulse_operations_total')).toEqual([]);
  } finally {
    expect(await worker.interrupt()).toBe(0);
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);

test('a connection that the pool has given to the next transaction goes on counting when the last one stops', async () => {
  const pool = new pg.Pool({ connectionString: stage.database.appUrl, max: 1 });
  try {
    const watchClient = watchStatements(pool);
    const [last, next] = [watch(), watch()];
    const client = await pool.connect();
    const stopLast = watchClient(client, { watch: last, span: null });
    await client.query('SELECT 1');
    client.release();
    const same = await pool.connect();
    const stopNext = watchClient(same, { watch: next, span: null });
    await same.query('SELECT 1');
    stopLast();
    await same.query('SELECT 1');
    stopNext();
    await same.query('SELECT 1');
    same.release();
    expect([same === client, last.statements, next.statements]).toEqual([true, 1, 2]);
  } finally {
    await pool.end();
  }
});

/** Names of spans, each with those within it, in the order of their beginning. */
type Tree = [name: string, ...children: Tree[]];

function treeOf(spans: readonly Sent[], { spanId, name }: Sent): Tree {
  return [name, ...spans.filter(({ parentSpanId }) => parentSpanId === spanId).map((each) => treeOf(spans, each))];
}
const attribute = (attributes: Sent['attributes'], name: string): unknown =>
  Object.values(attributes.find(({ key }) => key === name)?.value ?? {})[0];

test('an operation is a tree of spans within the trace of its client, without a value or anybody in it', async () => {
  const token = stage.tokenOf(org);
  const p = person();
  const traceId = 'c0ffee00c0ffee00c0ffee00c0ffee00';
  const traced = async (span: string, query: string, variables: object = {}): Promise<string | null> => {
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      traceparent: `00-${traceId}-${span}-01`,
    };
    const response = await fetch(`${stage.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    await response.text();
    return response.headers.get('x-request-id');
  };
  const contact = { firstName: p['firstName'], lastName: p['lastName'], email: p['email'] };
  const requestId = await traced('00000000000000a1', 'query Mine { deals { nodes { id } totalCount } }');
  await traced('00000000000000a2', 'query Mine { deals { nodes { id } totalCount } }');
  await traced('00000000000000a3', `${CREATE}\n`, { i: contact });
  await traced('00000000000000a4', `{ contacts(filter: { email: { eq: "${p['email']}" } }) { nodes { id } } wrong }`);
  await traced(
    '00000000000000a5',
    '{ contact(id: "00000000-0000-4000-8000-000000000000") { id } contacts(first: -1) { nodes { id } } }',
  );
  await stage.send('{ viewer { id } }', { token });
  await traces.close();
  expect(new Set(paths)).toEqual(new Set(['/v1/traces']));
  const spans = payloads.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((each) => each.spans)),
  );
  const rootOf = (parent: string): Sent | undefined =>
    spans.find((span) => span.parentSpanId === parent && span.traceId === traceId);
  const tree = (parent: string): Tree | undefined => {
    const root = rootOf(parent);
    return (
      root &&
      treeOf(
        [...spans].sort((a, b) => Number(started(a) - started(b))),
        root,
      )
    );
  };
  const lists: Tree = ['execute', ['SELECT deals'], ['SELECT deals']];
  expect(tree('00000000000000a1')).toEqual(['query', ['parse'], ['validate'], lists]);
  expect(tree('00000000000000a2')).toEqual(['query', lists]);
  const [name, ...children] = tree('00000000000000a3') ?? [''];
  const [, ...within] = children.find(([child]) => child === 'execute') ?? [];
  expect([name, within.map(([child]) => child)]).toEqual(['mutation', ['transaction']]);
  const written = (within[0] ?? []).slice(1).flat();
  for (const each of ['INSERT contacts', 'SELECT contacts', 'WITH audit_heads', 'COMMIT']) expect(written).toContain(each);
  expect(tree('00000000000000a4')).toEqual(['request', ['parse'], ['validate']]);
  expect(rootOf('00000000000000a4')?.status).toEqual({ code: 2, message: 'GRAPHQL_VALIDATION_FAILED' });
  expect(rootOf('00000000000000a5')?.status.message).toBe('INVALID_INPUT');
  const root = rootOf('00000000000000a1');
  const about = ['graphql.operation.name', 'pulse.request.id', 'pulse.organization.id', 'pulse.statements'];
  expect(about.map((key) => attribute(root?.attributes ?? [], key))).toEqual(['Mine', requestId, org.id, 2]);
  expect(root?.kind).toBe(2);
  expect(spans.filter((span) => span.traceId !== traceId && span.parentSpanId === undefined).length).toBeGreaterThan(0);
  const sent = JSON.stringify(payloads);
  expect(attribute(payloads[0]?.resourceSpans[0]?.resource.attributes ?? [], 'service.name')).toBe('pulse-test');
  for (const value of [...tokensOf(p), org.users.MEMBER.id, org.users.MEMBER.email, token]) expect(sent).not.toContain(value);
});

function started(span: Sent): bigint {
  return BigInt((span as unknown as { startTimeUnixNano: string }).startTimeUnixNano);
}
