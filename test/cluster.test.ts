import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../src/db/embedded/process-id.js';
import { largestFit } from '../src/db/setup/fit-pools.js';
import { ROOT } from './support/cluster.js';
import { freshDatabase, type TestDatabase } from './support/database.js';

/** Pulse in production, as processes of its own. */
interface Pulse {
  process: ChildProcess;
  port: number;
  shown: () => string;
  exit: Promise<number | null>;
}

const SECRET = 'a-secret-of-the-cluster-test-and-of-nothing-else';
const DEALS = '{ deals(first: 5) { nodes { id version } } }';
let folder: string;
let database: TestDatabase;
const launched: Pulse[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pulse-cluster-'));
  database = await freshDatabase();
});
afterEach(async () => {
  for (const { process: each } of launched) each.kill('SIGKILL');
  await Promise.all(launched.splice(0).map(({ exit }) => exit));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function launch(settings: Record<string, string> = {}): Promise<Pulse> {
  const { PATH = '', HOME = '' } = process.env;
  const port = await freePort();
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    cwd: ROOT,
    env: {
      ...{
        PATH,
        HOME,
        NODE_ENV: 'production',
        PORT: String(port),
        HOST: '127.0.0.1',
        PULSE_DATA_DIR: folder,
        SECRET_KEY: SECRET,
      },
      ...{ DATABASE_URL: database.ownerUrl, APP_DATABASE_URL: database.appUrl, SIGNIN_DATABASE_URL: database.signinUrl },
      ...{ WORKER_DATABASE_URL: database.workerUrl, DEMO_DATA: 'on', BCRYPT_COST: '4', DATABASE_POOL_SIZE: '3', DRAIN_MS: '500' },
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const pulse = { process: child, port, shown: () => text, exit: once(child, 'close').then(([code]) => code as number | null) };
  launched.push(pulse);
  return pulse;
}

async function start(settings: Record<string, string> = {}): Promise<Pulse> {
  const pulse = await launch(settings);
  while (!pulse.shown().includes('Ctrl-C stops everything')) {
    if (pulse.process.exitCode !== null) throw new Error(`Pulse ended early:\n${pulse.shown()}`);
    await sleep(25);
  }
  return pulse;
}

/** The processes that listen, by the log's lines. */
function servingIn(pulse: Pulse): number[] {
  const lines = pulse
    .shown()
    .split('\n')
    .filter((line) => line.includes('Server listening'));
  return lines.map((line) => (JSON.parse(line) as { pid: number }).pid);
}

interface Sent {
  status: number;
  body: { data: Record<string, never> | null; errors?: unknown };
  /** Whether the server wants the connection to end. */
  isLast: boolean;
}

function send(port: number, body: object, headers: Record<string, string> = {}, agent?: Agent): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const all = { 'content-type': 'application/json', ...headers };
    const asked = request({ host: '127.0.0.1', port, path: '/graphql', method: 'POST', headers: all, agent }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
      answer.on('end', () => {
        const body = JSON.parse(Buffer.concat(parts).toString()) as Sent['body'];
        resolve({ status: answer.statusCode ?? 0, body, isLast: answer.headers.connection === 'close' });
      });
    });
    asked.on('error', reject);
    asked.end(JSON.stringify(body));
  });
}

async function signIn({ port }: Pulse): Promise<Record<string, string>> {
  const query = 'mutation { login(input: { email: "admin@acme.example", password: "pulse-demo-password" }) { accessToken } }';
  const { body } = await send(port, { query });
  const { login } = body.data as unknown as { login: { accessToken: string } };
  return { authorization: `Bearer ${login.accessToken}` };
}

test('several processes serve one port, who dies is replaced, and the first one takes all of them along', async () => {
  const pulse = await start({ WEB_CONCURRENCY: '2', METRICS_PORT: '0' });
  const [first, second] = servingIn(pulse);
  expect(first).not.toBe(second);
  const who = await signIn(pulse);
  // Connections of their own, so that both are asked.
  const ask = (): Promise<Sent> => send(pulse.port, { query: DEALS }, { ...who, connection: 'close' });
  for (let n = 0; n < 10; n += 1) expect((await ask()).body.errors).toBeUndefined();

  const shown = /http:\/\/[\d.:]+\/metrics/.exec(pulse.shown())?.[0] ?? '';
  const metrics = await fetch(shown).then((answer) => answer.text());
  // Three for reading each.
  expect(metrics).toMatch(/pulse_pool_connections\{pool="read",state="idle"\} 6/);
  expect(metrics).toMatch(/pulse_operations_total\{type="query",name="[^"]*",code="OK"\} 10/);

  process.kill(first ?? 0, 'SIGKILL');
  // A connection that was handed to a process as it died is lost: nobody is there to answer it.
  await sleep(300);
  while (servingIn(pulse).length < 3) {
    expect((await ask()).body.errors).toBeUndefined();
    await sleep(20);
  }
  expect(pulse.shown()).toContain('A process of Pulse died and is replaced.');
  for (let n = 0; n < 4; n += 1) expect((await ask()).body.errors).toBeUndefined();

  pulse.process.kill('SIGKILL');
  while (servingIn(pulse).some(isAlive)) await sleep(20);
}, 60_000);

test('a process that dies again and again ends Pulse, with a sentence; so does one that cannot start', async () => {
  const pulse = await start({ WEB_CONCURRENCY: '2' });
  let killed = 0;
  while (pulse.process.exitCode === null) {
    for (const pid of servingIn(pulse).slice(killed)) {
      killed += 1;
      process.kill(pid, 'SIGKILL');
    }
    await sleep(20);
  }
  expect(await pulse.exit).toBe(1);
  expect(pulse.shown()).toContain('died 5 times in a row. Pulse stops.');

  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const other = await launch({ WEB_CONCURRENCY: '2', PORT: String(port) });
  expect(await other.exit).toBe(1);
  expect(other.shown()).toContain(`Port ${port} is taken.`);
  taken.close();
}, 90_000);

/** What a load balancer does: asks who is ready ten times a second, sends to those in turn, and lets go of a connection when it is told to. */
function balance(instances: readonly Pulse[]): { pick: () => Pulse; stop: () => void } {
  let ready = [...instances];
  let turn = 0;
  const look = setInterval(() => {
    void Promise.all(
      instances.map(async (each) => {
        const isReady = await fetch(`http://127.0.0.1:${each.port}/readyz`).then(
          (answer) => answer.ok,
          () => false,
        );
        return isReady ? [each] : [];
      }),
    ).then((found) => (ready = found.flat()));
  }, 100);
  return { pick: () => ready[(turn += 1) % ready.length] as Pulse, stop: () => clearInterval(look) };
}

test.each(['1', '2'])(
  'SIGTERM under load beside a second instance: no request fails (%s processes each)',
  async (processes) => {
    const leaving = await start({ WEB_CONCURRENCY: processes });
    const staying = await start({ WEB_CONCURRENCY: processes, DEMO_DATA: 'off' });
    const who = await signIn(staying);
    const found = (await send(staying.port, { query: DEALS }, who)).body.data as unknown as {
      deals: { nodes: { id: string }[] };
    };
    const [deal] = found.deals.nodes;
    const balancer = balance([leaving, staying]);
    const agents = new Map([leaving, staying].map(({ port }) => [port, new Agent({ keepAlive: true, maxSockets: 8 })]));
    const failures: unknown[] = [];
    const answered = new Map<number, number>();
    let isOver = false;
    const client = async (n: number): Promise<void> => {
      for (let step = 0; !isOver; step += 1) {
        const { port } = balancer.pick();
        const change = {
          query: `mutation { updateDeal(id: "${deal?.id ?? ''}", input: { title: "Deal ${n} ${step}" }) { deal { id } } }`,
        };
        const [body, headers] = step % 4 ? [{ query: DEALS }, who] : [change, { ...who, 'idempotency-key': randomUUID() }];
        const sent = await send(port, body, headers, agents.get(port)).catch((error: unknown) => error as Error);
        if (sent instanceof Error || sent.status !== 200 || sent.body.errors) failures.push(sent);
        else answered.set(port, (answered.get(port) ?? 0) + 1);
      }
    };
    const clients = Array.from({ length: 8 }, (_, n) => client(n));
    await sleep(1_000);
    leaving.process.kill('SIGTERM');
    const code = await leaving.exit;
    await sleep(500);
    isOver = true;
    await Promise.all(clients);
    balancer.stop();
    for (const agent of agents.values()) agent.destroy();
    expect(failures).toEqual([]);
    expect(code).toBe(0);
    for (const { port } of [leaving, staying]) expect(answered.get(port)).toBeGreaterThan(5);
  },
  60_000,
);

test('pools shrink to what the database has left, and too few connections are refused with a sentence', () => {
  const two = { processes: 2, poolSize: 10, hasJobs: false };
  // Two times 10 for reading, 5 for writing, 2 for signing in; 5 stay free.
  expect(largestFit(39, two)).toBe(10);
  expect(largestFit(38, two)).toBe(9);
  expect(largestFit(17, two)).toBe(2);
  expect(() => largestFit(16, two)).toThrow('PostgreSQL has 16 connections left, and 2 processes need 17 at least.');
  expect(largestFit(64, { ...two, hasJobs: true })).toBe(10);
});
