import type { AppSettings } from './app.js';
import type { Config } from './config.js';
import type { RunningDatabase } from './db/setup/bring-up.js';
import { DEMO_LOGINS, DEMO_PASSWORD } from './demo.js';
import { PLANS, withBudgets } from './domain/budgets/plans.js';
import { readManifests } from './graphql/documents/trusted.js';
import type { Seeing } from './seeing.js';

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

const SCHEMA_READERS = { on: 'everybody', admins: 'admins', off: 'nobody' } as const;
