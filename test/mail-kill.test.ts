import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { openStage, PASSWORD, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import type { ServerProcessSettings } from './support/server-process.js';
import type { Organization } from './support/world.js';

/** A server that does jobs, killed like a power cut between a commit and the mail that goes with it. */
interface Victim {
  url: string;
  kill(): Promise<void>;
}

let stage: Stage;
let org: Organization;
let smtp: SMTPServer;
/** Whole mails that reached the mail server, whether it answered or not. */
let arrived: ParsedMail[] = [];
/** Whether the mail server answers; what it keeps waiting stays so until its client dies. */
let answers = true;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  stage = await openStage();
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, callback) => {
      simpleParser(stream).then((mail) => {
        arrived.push(mail);
        if (answers) callback();
      }, callback);
    },
  });
  smtp.on('error', () => undefined); // a killed client resets its connection
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
});
beforeEach(async () => {
  org = await stage.world.organization();
  arrived = [];
  answers = true;
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(async () => {
  await new Promise<void>((resolve) => smtp.close(resolve));
  await stage.close();
});

async function startServer(): Promise<Victim> {
  const { appUrl, signinUrl, workerUrl } = stage.database;
  const { port } = smtp.server.address() as { port: number };
  const settings: ServerProcessSettings = { appUrl, signinUrl, worker: { workerUrl, smtpUrl: `smtp://127.0.0.1:${port}` } };
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

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 2)))
    if (await isTrue()) return;
  throw new Error(`It never came true: ${what}`);
}

const isThere = async (condition: string): Promise<boolean> => {
  const { rows } = await stage.world.client.query<{ yes: boolean }>(`SELECT EXISTS (${condition}) AS yes`, [org.id]);
  return rows[0]?.yes ?? false;
};
const sessionHasEnded = (): Promise<boolean> => isThere(`SELECT 1 FROM sessions WHERE org_id = $1 AND end_reason = 'THEFT'`);
const jobIsThere = (): Promise<boolean> =>
  isThere(`SELECT 1 FROM graphile_worker._private_jobs WHERE payload ->> 'orgId' = $1::text`);

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as Answer.data
async function post(url: string, query: string, variables: object): Promise<any> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  return ((await response.json()) as { data: unknown }).data;
}

const LOGIN =
  'mutation ($email: String!, $password: String!) { login(input: { email: $email, password: $password }) { refreshToken } }';
const REFRESH = 'mutation ($token: String!) { refreshToken(refreshToken: $token) { refreshToken } }';

/** A refresh token whose next use is theft: its successor, and the successor's successor, have been used. */
async function stolenToken(url: string): Promise<string> {
  const login = await post(url, LOGIN, { email: org.users.MEMBER.email, password: PASSWORD });
  const stolen = login.login.refreshToken as string;
  let token = stolen;
  for (let uses = 0; uses < 3; uses += 1) token = (await post(url, REFRESH, { token })).refreshToken.refreshToken;
  return stolen;
}

/** Commits the end of the session with its mail; the server may die before it answers. */
const steal = (url: string, token: string): Promise<unknown> => post(url, REFRESH, { token }).catch(() => undefined);

/** After a restart the mail is there once or twice, always the same one, and nothing is left to do. */
async function mailIsThere(): Promise<void> {
  await until('the mail is sent', async () => arrived.length > 0 && !(await jobIsThere()));
  expect([1, 2]).toContain(arrived.length);
  expect(new Set(arrived.map(({ messageId }) => messageId)).size).toBe(1);
  expect(arrived[0]?.to).toMatchObject({ text: org.users.MEMBER.email });
}

test('killed as soon as the change has committed: after a restart the mail is sent', async () => {
  const server = await startServer();
  const token = await stolenToken(server.url);
  const answered = steal(server.url, token);
  await until('the session has ended', sessionHasEnded);
  await server.kill();
  await answered;
  await startServer();
  await mailIsThere();
}, 120_000);

test('killed when the mail server has the mail and has not said so: after a restart it is sent again, as the same mail', async () => {
  const server = await startServer();
  const token = await stolenToken(server.url);
  answers = false;
  await steal(server.url, token);
  await until('the mail is under way', () => arrived.length > 0);
  expect(await jobIsThere()).toBe(true);
  await server.kill();
  answers = true;
  await startServer();
  await until('the mail is sent again', async () => arrived.length > 1 && !(await jobIsThere()));
  await mailIsThere();
}, 120_000);

test('a worker that lives leaves alone what another has begun, and takes it over when that one is dead', async () => {
  const server = await startServer();
  const token = await stolenToken(server.url);
  answers = false;
  await steal(server.url, token);
  await until('the mail is under way', () => arrived.length > 0);
  answers = true;
  await startServer();
  await stage.world.client.query('SELECT jobs.reclaim()');
  expect(arrived).toHaveLength(1);
  await server.kill();
  await until('the mail is sent again', async () => arrived.length > 1 && !(await jobIsThere()));
  await mailIsThere();
}, 120_000);
