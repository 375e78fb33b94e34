import type { Logger } from 'pino';
import { buildApp, type App } from './app.js';
import type { Config } from './config.js';
import { bringUpDatabase, type RunningDatabase } from './db/setup/bring-up.js';
import { checkRole } from './db/setup/check-roles.js';
import { passwords } from './domain/auth/passwords.js';

export interface Running {
  app: App;
  /** Whether demo data is there to sign in to. */
  demo: boolean;
  exited: Promise<unknown>;
  stop(): Promise<void>;
}

/** Database, demo data and server, ready to listen. */
export async function start(root: string, config: Config, log: Logger, say: (line: string) => void): Promise<Running> {
  const running = await openTheDatabase(root, config, say);
  try {
    await Promise.all([running.urls.app, running.urls.signin, running.urls.worker].map(checkRole));
    const demo = config.DEMO_DATA && (await seedWhenEmpty(running, config, say));
    const app = await buildApp({
      root,
      appUrl: running.urls.app,
      signinUrl: running.urls.signin,
      secret: config.SECRET_KEY,
      poolSize: config.DATABASE_POOL_SIZE,
      connectTimeoutMs: config.DATABASE_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
      accessTokenSeconds: config.ACCESS_TOKEN_SECONDS,
      sessionIdleSeconds: config.SESSION_IDLE_SECONDS,
      sessionSeconds: config.SESSION_SECONDS,
      secureCookies: config.SECURE_COOKIES,
      bcryptCost: config.BCRYPT_COST,
      passwordLeastLength: config.PASSWORD_LEAST_LENGTH,
      corsOrigins: config.CORS_ORIGINS,
      fastPath: config.FAST_PATH,
      schemaReaders: SCHEMA_READERS[config.OPEN_SCHEMA],
      demo: demo ? { password: DEMO_PASSWORD, organizations: DEMO_LOGINS } : null,
      log,
    });
    await app.database.warmUp();
    const stop = async (): Promise<void> => {
      try {
        await app.close();
      } finally {
        await running.stop();
      }
    };
    return { app, demo, exited: running.exited, stop };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** Finds or starts PostgreSQL, with all of the settings that concern it. */
export function openTheDatabase(root: string, config: Config, say: (line: string) => void): Promise<RunningDatabase> {
  return bringUpDatabase({
    root,
    ownerUrl: config.DATABASE_URL,
    appUrl: config.APP_DATABASE_URL,
    signinUrl: config.SIGNIN_DATABASE_URL,
    workerUrl: config.WORKER_DATABASE_URL,
    readerRole: config.READER_ROLE,
    secret: config.SECRET_KEY,
    dataDir: config.PULSE_DATA_DIR,
    say,
  });
}

const SCHEMA_READERS = { on: 'everybody', admins: 'admins', off: 'nobody' } as const;

/** Who can sign in to the demo organizations; the README shows it too. */
export const DEMO_LOGINS = ['acme.example', 'globex.example'].map((domain) => ({
  domain,
  people: ['owner', 'admin', 'manager', 'member', 'viewer'],
}));

/** Password of every demo login (PRODUCT: the README shows it). */
export const DEMO_PASSWORD = 'pulse-demo-password';

/** Hashes as the server does, so that what is seeded can sign in. */
export function demoPasswordHash(config: Config): Promise<string> {
  return passwords({ pepper: config.SECRET_KEY, cost: config.BCRYPT_COST, leastLength: config.PASSWORD_LEAST_LENGTH }).hash(
    DEMO_PASSWORD,
  );
}

async function seedWhenEmpty(running: RunningDatabase, config: Config, say: (line: string) => void): Promise<boolean> {
  const { ensureDemo } = await import('../prisma/seed/start.js');
  return ensureDemo(running.urls.owner, () => demoPasswordHash(config), say);
}
