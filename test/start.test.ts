import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../src/db/embedded/process-id.js';
import { ROOT } from './support/cluster.js';
import { freshDatabase, testCluster } from './support/database.js';

const SECONDS = 1_000;

const THE_QUERY = `{ deals(first: 50) { nodes { id title value stage { id name } contact { id firstName company { id name } }
  owner { id } activities(first: 5) { nodes { id subject } } } pageInfo { hasNextPage endCursor } } }`;

/** Pulse as `npm start` runs it, from its sources. */
interface Pulse {
  process: ChildProcess;
  /** What the terminal shows. */
  shown: () => string;
  exit: Promise<number | null>;
}

let folder: string;
let port: number;
const launched: Pulse[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pulse-start-'));
  await chmod(folder, 0o755); // started by root, PostgreSQL runs as another user
  port = await freePort();
});
afterAll(async () => {
  for (const { process: each } of launched) each.kill('SIGKILL');
  await Promise.all(launched.map(({ exit }) => exit));
  const postgres = postgresId();
  if (postgres) process.kill(postgres, 'SIGKILL');
  while (postgres && isAlive(postgres)) await sleep(50);
  await rm(folder, { recursive: true, force: true });
});

const dataDir = (): string => path.join(folder, 'data');
const url = (): string => `http://localhost:${port}`;

async function listenSomewhere(): Promise<Server> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  return server;
}

async function freePort(): Promise<number> {
  const server = await listenSomewhere();
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return free;
}

/** The PostgreSQL that works on the data folder, by the file it keeps there while it runs. */
function postgresId(data = 'data'): number | undefined {
  const file = path.join(folder, data, 'postgres', 'postmaster.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined;
}

/** Starts Pulse with no setting but these. */
function launch(settings: Record<string, string> = {}, file = 'src/main.ts'): Pulse {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: ROOT,
    env: { PATH, HOME, PORT: String(port), PULSE_DATA_DIR: dataDir(), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exit = once(child, 'close').then(([code]) => code as number | null);
  const pulse = { process: child, shown: () => text, exit };
  launched.push(pulse);
  return pulse;
}

/** Starts Pulse and waits until it says that it is ready. */
async function start(settings: Record<string, string> = {}): Promise<Pulse> {
  const started = launch(settings);
  await shows(started, 'Ctrl-C stops everything');
  return started;
}

async function shows(started: Pulse, text: string): Promise<void> {
  while (!started.shown().includes(text)) {
    if (started.process.exitCode !== null) throw new Error(`Pulse ended early:\n${started.shown()}`);
    await sleep(25);
  }
}

async function ask<Data>(query: string, token?: string): Promise<{ data: Data; errors?: unknown }> {
  const response = await fetch(`${url()}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query }),
  });
  return response.json() as ReturnType<typeof ask<Data>>;
}

interface Deal {
  id: string;
  title: string;
  stage: { name: string };
  contact: { company: { name: string } | null } | null;
  activities: { nodes: { id: string }[] };
}

interface DealPage {
  nodes: Deal[];
  pageInfo: { hasNextPage: boolean; endCursor: string };
}

/** A token of a demo login. */
async function signIn(): Promise<string> {
  const { data } = await ask<{ login: { accessToken: string } }>(
    'mutation { login(input: { email: "member@acme.example", password: "pulse-demo-password" }) { accessToken } }',
  );
  return data.login.accessToken;
}

/** What a demo login reads by the query of the contract. */
async function demoDeals(): Promise<DealPage> {
  const { data, errors } = await ask<{ deals: DealPage }>(THE_QUERY, await signIn());
  expect(errors).toBeUndefined();
  return data.deals;
}

const ids = (nodes: { id: string }[]): string[] => nodes.map((node) => node.id);

/** Interrupts Pulse as Ctrl-C does and waits for its end. */
async function interrupt(running: Pulse): Promise<{ code: number | null; within: number }> {
  const since = performance.now();
  running.process.kill('SIGINT');
  return { code: await running.exit, within: performance.now() - since };
}

function expectNothingRuns(postgres: number | undefined): void {
  expect(postgres && isAlive(postgres)).toBe(false);
  expect(postgresId()).toBeUndefined();
}

describe('starting Pulse', () => {
  let pulse: Pulse;
  let deals: string[];

  test(
    'brings up everything on an empty folder: a server, a database, and demo data to sign in to',
    async () => {
      pulse = await start();
      const { shown } = pulse;
      for (const line of [`${url()}/graphql`, `${url()}/livez`, `${url()}/readyz`, 'pulse-demo-password'])
        expect(shown()).toContain(line);
      expect(shown()).toContain(
        'owner@acme.example  admin@acme.example  manager@acme.example  member@acme.example  viewer@acme.example',
      );
      expect(shown()).toContain('member@globex.example');
      expect((await fetch(`${url()}/readyz`)).status).toBe(200);

      const { nodes, pageInfo } = await demoDeals();
      expect(new Set(ids(nodes)).size).toBe(50);
      expect(pageInfo).toEqual({ hasNextPage: true, endCursor: expect.any(String) });
      expect(nodes.filter((deal) => deal.stage.name && deal.contact?.company?.name).length).toBeGreaterThan(25);
      expect(nodes.some((deal) => deal.activities.nodes.length > 0)).toBe(true);
      deals = ids(nodes);
    },
    60 * SECONDS,
  );

  test(
    'ends with Ctrl-C: running requests first, then all of it, in good time, without a fault',
    async () => {
      const postgres = postgresId();
      expect(postgres && isAlive(postgres)).toBe(true);
      const requests = Array.from({ length: 4 }, () => signIn());
      await Promise.race(requests);
      const { code, within } = await interrupt(pulse);
      expect((await Promise.all(requests)).every(Boolean)).toBe(true);
      expect(code).toBe(0);
      expect(within).toBeLessThan(10 * SECONDS);
      expectNothingRuns(postgres);
    },
    30 * SECONDS,
  );

  test(
    'and a Ctrl-C before it is ready leaves nothing running either',
    async () => {
      const early = launch({ PULSE_DATA_DIR: path.join(folder, 'early') });
      await shows(early, 'Applying migration');
      const postgres = postgresId('early');
      expect((await interrupt(early)).code).toBe(130);
      while (isAlive(postgres as number)) await sleep(25);
    },
    30 * SECONDS,
  );

  test(
    'on a port that is taken ends with a sentence, and leaves nothing running',
    async () => {
      const other = await listenSomewhere();
      const taken = (other.address() as AddressInfo).port;
      const refused = launch({ PORT: String(taken) });
      const code = await refused.exit;
      other.close();
      expect(code).toBe(1);
      expect(refused.shown().trim()).toBe(
        `Port ${taken} is taken. Stop what uses it, or choose another: PORT=${taken + 1} npm start`,
      );
      expect(postgresId()).toBeUndefined();
    },
    30 * SECONDS,
  );

  test(
    'again shows the same data, and so it does after the server was killed',
    async () => {
      const again = await start();
      expect(ids((await demoDeals()).nodes)).toEqual(deals);
      const postgres = postgresId();
      again.process.kill('SIGKILL');
      await again.exit;
      const last = await start();
      expect(ids((await demoDeals()).nodes)).toEqual(deals);
      expect(last.shown()).toContain(`A PostgreSQL that an earlier Pulse left running (pid ${postgres}) is stopped first.`);
      expect((await interrupt(last)).code).toBe(0);
      expectNothingRuns(postgres);
    },
    60 * SECONDS,
  );

  /** Somebody presents a refresh token whose successor's successor is in use: its session ends, and its user is told by mail. */
  async function stealSession(): Promise<void> {
    const mutate = async (fields: string): Promise<string> => {
      const { data } = await ask<Record<string, { refreshToken: string }> | null>(`mutation { ${fields} }`);
      return Object.values(data ?? {})[0]?.refreshToken ?? '';
    };
    const next = (token: string): Promise<string> => mutate(`refreshToken(refreshToken: "${token}") { refreshToken }`);
    const stolen = await mutate(
      'login(input: { email: "member@acme.example", password: "pulse-demo-password" }) { refreshToken }',
    );
    await next(await next(await next(stolen)));
    expect(await next(stolen)).toBe('');
  }

  test(
    'sends mail in development: to an outbox that the terminal tells of, from the server or from a worker beside it',
    async () => {
      const { ownerUrl, appUrl, signinUrl, workerUrl } = await freshDatabase();
      const settings = {
        DATABASE_URL: ownerUrl,
        APP_DATABASE_URL: appUrl,
        SIGNIN_DATABASE_URL: signinUrl,
        WORKER_DATABASE_URL: workerUrl,
        READER_ROLE: `${testCluster().template}_reader`,
        SECRET_KEY: 'a secret for tests only, long enough to be one',
        PULSE_DATA_DIR: path.join(folder, 'mail'),
      };
      const told = 'Mail to member@acme.example: A session of yours was ended for safety → http://localhost:3000/sign-in';
      const server = await start(settings);
      await stealSession();
      await shows(server, told);
      expect((await interrupt(server)).code).toBe(0);

      const quiet = await start({ ...settings, RUN_WORKER: 'off' });
      const worker = launch(settings, 'src/worker-cli.ts');
      await shows(worker, 'The worker does jobs as they come.');
      await stealSession();
      await shows(worker, told);
      expect((await interrupt(worker)).code).toBe(0);
      expect((await interrupt(quiet)).code).toBe(0);
      expect(quiet.shown()).not.toContain('Mail to');
      expect(readdirSync(path.join(folder, 'mail', 'outbox'))).toHaveLength(2);
    },
    90 * SECONDS,
  );

  test(
    'with DATABASE_URL uses that database and brings none of its own',
    async () => {
      const { ownerUrl, appUrl, signinUrl, workerUrl } = await freshDatabase();
      const elsewhere = path.join(folder, 'none');
      const started = await start({
        DATABASE_URL: ownerUrl,
        APP_DATABASE_URL: appUrl,
        SIGNIN_DATABASE_URL: signinUrl,
        WORKER_DATABASE_URL: workerUrl,
        READER_ROLE: `${testCluster().template}_reader`,
        SECRET_KEY: 'a secret for tests only, long enough to be one',
        PULSE_DATA_DIR: elsewhere,
      });
      expect((await demoDeals()).nodes).toHaveLength(50);
      expect(existsSync(elsewhere)).toBe(false);
      expect((await interrupt(started)).code).toBe(0);
    },
    60 * SECONDS,
  );
});
