import { pino } from 'pino';
import { buildApp, type App, type AppSettings } from '../../src/app.js';
import type { Role, SignedInCaller } from '../../src/caller.js';
import type { JobFailure } from '../../src/db/index.js';
import type { Plans } from '../../src/domain/budgets/plans.js';
import { passwords } from '../../src/domain/auth/passwords.js';
import type { Message } from '../../src/domain/mail/task.js';
import { doDueJobs } from '../../src/worker.js';
import { checkBudgets, countStatement } from './budget.js';
import { ROOT, SECRET } from './cluster.js';
import { checkAlike, comparison, isRepeated } from './compare.js';
import { connect, freshDatabase, type TestDatabase } from './database.js';
import { watchWrites } from './facts.js';
import { world, type Organization, type World } from './world.js';

/** So that only tests about prices meet a limit (test/price.test.ts has the real ones). */
const ENDLESS = { capacity: 1e12, restoreRate: 1e9 };
const WITHOUT_END = { limit: 1e12, organization: ENDLESS, caller: ENDLESS };
const GENEROUS: Plans = { FREE: WITHOUT_END, TEAM: WITHOUT_END, BUSINESS: WITHOUT_END };

export const PASSWORD = 'correct horse battery staple';

export interface GraphqlError {
  message: string;
  path?: (string | number)[];
  extensions: {
    code: string;
    requestId: string;
    fields?: { path: (string | number)[]; code: string; message: string }[];
    retryAfterSeconds?: number;
  };
}

export interface Answer {
  status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what is answered has the shape of the test's own query
  data: any;
  errors: GraphqlError[] | undefined;
  headers: Headers;
  body: string;
}

/** The real stack on a database of its own: app, rows to make, and requests through the front door. */
export interface Stage {
  app: App;
  /** Where the server listens. */
  url: string;
  database: TestDatabase;
  world: World;
  /** SQL statements of the read side since the last call. */
  statements(): string[];
  /** A token for a user of an organization. */
  tokenOf(org: Organization, role?: Role): string;
  send(query: string, options?: { token?: string | undefined; variables?: Record<string, unknown> }): Promise<Answer>;
  /**
   * Does the jobs that are due, and answers the mails of an organization (of all without one) since the last call, oldest
   * first. Its links are in `link`. @throws what a job of theirs failed with.
   */
  mails(orgId?: string): Promise<Message[]>;
  close(): Promise<void>;
}

/**
 * Opens a stage; close it after the last test of the file: that fails when an operation took more SQL statements than its shape allows,
 * when plans answered a query otherwise than graphql-js, or when something was changed without its one fact (facts.ts). All is looked at
 * for every operation of the tests; the first two not where they bring an executor.
 */
export async function openStage(settings: Partial<AppSettings> = {}): Promise<Stage> {
  const database = await freshDatabase();
  const seen: string[] = [];
  const both = comparison();
  const client = await connect(database.ownerUrl);
  const witness = await watchWrites(client, new URL(database.appUrl).username);
  const { executor = both.executor, ...others } = settings;
  const app = await buildApp({ ...testSettings(database, seen), ...others, executor: witness.watched(executor) });
  const url = await app.http.listen({ port: 0, host: '127.0.0.1' });
  const hash = await passwords({ pepper: SECRET, cost: 4, leastLength: 12 }).hash(PASSWORD);
  return {
    app,
    url,
    database,
    world: world(client, hash),
    statements: () => seen.splice(0),
    tokenOf: (org, role = 'MEMBER') => app.door.tokens.sign(callerOf(org, role)).token,
    send: (query, options = {}) => send(url, query, options),
    mails: postbox(app, database.workerUrl),
    close: async () => {
      await app.close();
      await client.end();
      // Afresh: a test may have restarted the database.
      const looking = await connect(database.ownerUrl);
      await witness.check(looking).finally(() => looking.end());
      checkBudgets(both.overruns);
      checkAlike(both);
    },
  };
}

/** Where links of mails lead in tests. */
export const WEB_URL = 'https://app.pulse.example';

/** @see Stage.mails */
function postbox(app: App, workerUrl: string): Stage['mails'] {
  let box: Message[] = [];
  const log = pino({ level: 'silent' });
  return async (orgId) => {
    const failures: JobFailure[] = [];
    const mailer = async (message: Message): Promise<void> => void box.push(message);
    const onFailure = (failure: JobFailure): number => failures.push(failure);
    await doDueJobs(app, { workerUrl, webUrl: WEB_URL, mailFrom: 'Pulse CRM <crm@pulse.example>', mailer, log, onFailure });
    const isTheirs = (each: { orgId: string }): boolean => !orgId || each.orgId === orgId;
    for (const { cause } of failures.filter(isTheirs)) throw cause;
    const theirs = box.filter(isTheirs);
    box = box.filter((each) => !isTheirs(each));
    return theirs;
  };
}

/** The caller a token of this user stands for. */
export function callerOf(org: Organization, role: Role): SignedInCaller {
  return { orgId: org.id, userId: org.users[role].id, role, via: { kind: 'SESSION', sessionId: org.users[role].id } };
}

/** The settings of every test's server. */
export function testSettings(database: Pick<TestDatabase, 'appUrl' | 'signinUrl'>, seen: string[] = []): AppSettings {
  return {
    root: ROOT,
    appUrl: database.appUrl,
    signinUrl: database.signinUrl,
    secret: SECRET,
    poolSize: 4,
    connectTimeoutMs: 2_000,
    statementTimeoutMs: 10_000,
    requestTimeoutMs: 60_000,
    receiveTimeoutMs: 30_000,
    sendTimeoutMs: 60_000,
    overloadDelayMs: 0,
    accessTokenSeconds: 900,
    sessionIdleSeconds: 14 * 86_400,
    sessionSeconds: 90 * 86_400,
    secureCookies: true,
    bcryptCost: 4,
    passwordLeastLength: 12,
    corsOrigins: [],
    throttleScale: 1_000_000,
    tellRefusals: false,
    plans: GENEROUS,
    schemaReaders: 'everybody',
    log: pino({ level: 'silent' }),
    observe: (text) => {
      if (isRepeated()) return;
      seen.push(text);
      countStatement(text);
    },
  };
}

async function send(
  url: string,
  query: string,
  { token, variables }: { token?: string | undefined; variables?: Record<string, unknown> },
): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const body = await response.text();
  const { data, errors } = JSON.parse(body) as Pick<Answer, 'data' | 'errors'>;
  return { status: response.status, data, errors, headers: response.headers, body };
}
