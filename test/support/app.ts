import { pino } from 'pino';
import { buildApp, type App, type AppSettings } from '../../src/app.js';
import type { Role, SignedInCaller } from '../../src/caller.js';
import { passwords } from '../../src/domain/auth/passwords.js';
import { ROOT, SECRET } from './cluster.js';
import { connect, freshDatabase, type TestDatabase } from './database.js';
import { world, type Organization, type World } from './world.js';

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
  close(): Promise<void>;
}

/** Opens a stage; close it after the last test of the file. */
export async function openStage(settings: Partial<AppSettings> = {}): Promise<Stage> {
  const database = await freshDatabase();
  const seen: string[] = [];
  const app = await buildApp({ ...testSettings(database, seen), ...settings });
  const url = await app.http.listen({ port: 0, host: '127.0.0.1' });
  const client = await connect(database.ownerUrl);
  const hash = await passwords({ pepper: SECRET, cost: 4, leastLength: 12 }).hash(PASSWORD);
  return {
    app,
    url,
    database,
    world: world(client, hash),
    statements: () => seen.splice(0),
    tokenOf: (org, role = 'MEMBER') => app.door.tokens.sign(callerOf(org, role)).token,
    send: (query, options = {}) => send(url, query, options),
    close: async () => {
      await app.close();
      await client.end();
    },
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
    accessTokenSeconds: 900,
    sessionIdleSeconds: 14 * 86_400,
    sessionSeconds: 90 * 86_400,
    secureCookies: true,
    bcryptCost: 4,
    passwordLeastLength: 12,
    corsOrigins: [],
    schemaReaders: 'everybody',
    log: pino({ level: 'silent' }),
    observe: (text) => seen.push(text),
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
