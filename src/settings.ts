import path from 'node:path';
import type { AppSettings } from './app.js';
import type { Config } from './config.js';
import { bringUpDatabase, type RunningDatabase } from './db/setup/bring-up.js';
import { DEMO_LOGINS, DEMO_PASSWORD } from './demo.js';
import { PLANS, withBudgets } from './domain/budgets/plans.js';
import { outboxMailer } from './domain/mail/outbox.js';
import { smtpMailer } from './domain/mail/smtp.js';
import { readManifests } from './graphql/documents/trusted.js';
import type { Seeing } from './seeing.js';
import type { WorkerSettings } from './worker.js';

/** What server and worker are built with. @param demo whether demo data is there to sign in to. */
export function appSettings(
  root: string,
  config: Config,
  { urls }: Pick<RunningDatabase, 'urls'>,
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
export function workerSettings(
  config: Config,
  { urls }: Pick<RunningDatabase, 'urls'>,
  { log, metrics }: Omit<Seeing, 'close'>,
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
