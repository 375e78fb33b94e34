import type { Logger } from 'pino';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildApp, openCore, type App, type AppSettings, type Core } from './app.js';
import type { Config } from './config.js';
import { bringUpDatabase, type RunningDatabase } from './db/setup/bring-up.js';
import { checkRole } from './db/setup/check-roles.js';
import { passwords } from './domain/auth/passwords.js';
import { PLANS, withBudgets } from './domain/budgets/plans.js';
import { replayErasures } from './domain/gdpr/replay.js';
import { readManifests } from './graphql/documents/trusted.js';
import { outboxMailer } from './domain/mail/outbox.js';
import { smtpMailer } from './domain/mail/smtp.js';
import { openSeeing, type Seeing } from './seeing.js';
import { doJobs, type WorkerSettings } from './worker.js';

export interface Running {
  app: App;
  /** Whether demo data is there to sign in to. */
  demo: boolean;
  exited: Promise<unknown>;
  stop(): Promise<void>;
}

/** Database, demo data, server and, where RUN_WORKER is on, the jobs; ready to listen. */
export async function start(root: string, config: Config, log: Logger, say: (line: string) => void): Promise<Running> {
  const seeing = await openSeeing(config, log, say);
  const running = await openTheDatabase(root, config, say);
  try {
    await Promise.all([running.urls.app, running.urls.signin, running.urls.worker].map(checkRole));
    const demo = config.DEMO_DATA && (await seedWhenEmpty(running, config, say));
    const app = await buildApp(appSettings(root, config, running, seeing, demo));
    await app.database.warmUp();
    await replay(app, say).catch(async (error: unknown) => {
      await app.close();
      throw error;
    });
    const jobs = config.RUN_WORKER ? await doJobs(app, workerSettings(config, running, seeing, say)) : null;
    const stop = async (): Promise<void> => {
      app.beginClosing();
      try {
        if (app.http.server.listening) await sleep(config.DRAIN_MS);
        await Promise.all([app.http.close(), jobs?.stop()]);
        await app.close();
      } finally {
        await Promise.all([running.stop(), seeing.close()]);
      }
    };
    return { app, demo, exited: running.exited, stop };
  } catch (error) {
    await Promise.all([running.stop(), seeing.close()]);
    throw error;
  }
}

/** Database and jobs, and no server. */
export async function startWorker(
  root: string,
  config: Config,
  log: Logger,
  say: (line: string) => void,
): Promise<Omit<Running, 'app' | 'demo'>> {
  const seeing = await openSeeing(config, log, say);
  const running = await openTheDatabase(root, config, say);
  try {
    await Promise.all([running.urls.app, running.urls.signin, running.urls.worker].map(checkRole));
    const core = openCore(appSettings(root, config, running, seeing, false));
    await replay(core, say).catch(async (error: unknown) => {
      await core.database.close();
      throw error;
    });
    const jobs = await doJobs(core, workerSettings(config, running, seeing, say));
    const stop = async (): Promise<void> => {
      try {
        await jobs.stop();
        await core.database.close();
      } finally {
        await Promise.all([running.stop(), seeing.close()]);
      }
    };
    return { exited: running.exited, stop };
  } catch (error) {
    await Promise.all([running.stop(), seeing.close()]);
    throw error;
  }
}

/** Erases again who was erased after a backup that has just been restored. */
export async function replayOn(
  root: string,
  config: Config,
  running: RunningDatabase,
  log: Logger,
  say: (line: string) => void,
): Promise<void> {
  const core = openCore(appSettings(root, config, running, { log, metrics: null, traces: null }, false));
  try {
    await replay(core, say);
  } finally {
    await core.database.close();
  }
}

/** Before anybody is served, and before any job is done. */
async function replay({ database, privacy }: Core, say: (line: string) => void): Promise<void> {
  const { ledger } = privacy;
  if (ledger) await replayErasures(database, { ...privacy, ledger }, say);
}

function appSettings(
  root: string,
  config: Config,
  { urls }: RunningDatabase,
  { log, metrics, traces }: Omit<Seeing, 'close'>,
  demo: boolean,
): AppSettings {
  return {
    root,
    appUrl: urls.app,
    signinUrl: urls.signin,
    secret: config.SECRET_KEY,
    erasureLedger: config.ERASURE_LEDGER,
    tokenKeys: config.TOKEN_KEYS,
    poolSize: config.DATABASE_POOL_SIZE,
    connectTimeoutMs: config.DATABASE_CONNECT_TIMEOUT_MS,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
    receiveTimeoutMs: config.RECEIVE_TIMEOUT_MS,
    sendTimeoutMs: config.SEND_TIMEOUT_MS,
    overloadDelayMs: config.OVERLOAD_DELAY_MS,
    accessTokenSeconds: config.ACCESS_TOKEN_SECONDS,
    sessionIdleSeconds: config.SESSION_IDLE_SECONDS,
    sessionSeconds: config.SESSION_SECONDS,
    secureCookies: config.SECURE_COOKIES,
    bcryptCost: config.BCRYPT_COST,
    passwordLeastLength: config.PASSWORD_LEAST_LENGTH,
    corsOrigins: config.CORS_ORIGINS,
    trustProxy: config.TRUST_PROXY ?? false,
    plans: withBudgets(PLANS, config.BUDGET_SCALE),
    fastPath: config.FAST_PATH,
    trustedDocuments: { mode: config.TRUSTED_DOCUMENTS, documents: readManifests(config.TRUSTED_DOCUMENTS_FILES) },
    schemaReaders: SCHEMA_READERS[config.OPEN_SCHEMA],
    demo: demo ? { password: DEMO_PASSWORD, organizations: DEMO_LOGINS } : null,
    log,
    metrics,
    traces,
    logOperations: config.LOG_OPERATIONS,
  };
}

/** Without SMTP_URL mails are files in the data folder; readConfig sees to it that this is not so in production. */
function workerSettings(
  config: Config,
  { urls }: RunningDatabase,
  { log, metrics }: Seeing,
  say: (line: string) => void,
): WorkerSettings {
  const outbox = path.join(config.PULSE_DATA_DIR, 'outbox');
  return {
    workerUrl: urls.worker,
    webUrl: config.APP_URL,
    mailFrom: config.MAIL_FROM,
    anchors: config.AUDIT_ANCHORS ? { file: config.AUDIT_ANCHORS, secret: config.SECRET_KEY } : null,
    mailer: config.SMTP_URL ? smtpMailer(config.SMTP_URL) : outboxMailer(outbox, say),
    log,
    metrics,
  };
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
