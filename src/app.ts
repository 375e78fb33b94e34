import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { ApolloServer } from '@apollo/server';
import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Caller } from './caller.js';
import { cursorSeal, openDatabase, type Database, type DatabaseSettings } from './db/index.js';
import type { AuthDoor } from './domain/auth/auth.js';
import { mailTokens } from './domain/auth/mail-tokens.js';
import { passwords } from './domain/auth/passwords.js';
import { throttle } from './domain/auth/throttle.js';
import { DEFAULT_KEY_ID, tokens, type TokenKey } from './domain/auth/tokens.js';
import { budgets, type Budgets } from './domain/budgets/budgets.js';
import { PLANS, type Plans } from './domain/budgets/plans.js';
import { exportLinks } from './domain/gdpr/export-links.js';
import { openExport } from './domain/gdpr/exports.js';
import { openOrganizationFile } from './domain/exports/download.js';
import { organizationFileNames } from './domain/exports/exports.js';
import { fingerprints } from './domain/gdpr/fingerprints.js';
import { erasureLedger } from './domain/gdpr/ledger.js';
import type { PrivacyDoor } from './domain/gdpr/privacy-door.js';
import { receipts } from './domain/gdpr/receipts.js';
import { subjectLists } from './domain/gdpr/subject-lists.js';
import { graph } from './domain/index.js';
import { can } from './domain/permissions.js';
import { personalData } from './domain/personal-data.js';
import { executeAsIs, executeCompiled, type Execute } from './graphql/compiled/index.js';
import { GraphContext } from './graphql/context.js';
import { EXPLORER_DOCUMENTS } from './graphql/documents/explorer.js';
import { complaintsAbout, trustedDocuments, type TrustedDocuments, type TrustedMode } from './graphql/documents/trusted.js';
import type { SchemaReaders } from './graphql/introspection.js';
import { buildSchema, readSdl } from './graphql/schema.js';
import { graphServer } from './graphql/server.js';
import { endSpan } from './graphql/tracing.js';
import type { ExplorerSettings } from './http/explorer.js';
import { httpServer, type TrustProxy } from './http/server.js';
import type { Metrics } from './metrics.js';
import { operationLog, type LoggedOperations } from './operation-log.js';
import { standingOf } from './standing.js';
import type { Traces } from './traces.js';
import { watch } from './watch.js';

export interface AppSettings {
  /** The project's folder: holds `schema/`. */
  root: string;
  /** Whether queries are executed by plans rather than by graphql-js; the answers are the same. */
  fastPath?: boolean;
  /** For the test that compares both: what executes operations. */
  executor?: (schema: GraphQLSchema) => Execute;
  /** The explorer's bundle, where it is not in `dist/explorer`. */
  explorerFolder?: string;
  appUrl: string;
  signinUrl: string;
  secret: string;
  /** What signs access tokens: the first key, and what else verifies them; a secret of null is `secret`. By default only that. */
  tokenKeys?: readonly { id: string; secret: string | null }[];
  poolSize: number;
  connectTimeoutMs: number;
  statementTimeoutMs: number;
  /** For a request to be answered, once it has arrived. */
  requestTimeoutMs: number;
  /** For a request to arrive in full. */
  receiveTimeoutMs: number;
  /** For an answer to be taken by its client. */
  sendTimeoutMs: number;
  /** How late the event loop may be before requests are refused, in milliseconds; 0: as late as it likes. */
  overloadDelayMs: number;
  accessTokenSeconds: number;
  /** A session nobody uses for so long is over. */
  sessionIdleSeconds: number;
  /** A session is over after so long. */
  sessionSeconds: number;
  secureCookies: boolean;
  bcryptCost: number;
  /** Characters a new password has at least. */
  passwordLeastLength: number;
  corsOrigins: readonly string[];
  /** Proxies in front, whose word on a client's address counts. */
  trustProxy?: TrustProxy;
  /** What callers may spend, by subscription plan. */
  plans?: Plans;
  /** For tests, which all come from one address: how many times as many attempts are let in. */
  throttleScale?: number;
  schemaReaders: SchemaReaders;
  /** Which documents are taken, and the texts of the trusted ones by hash; by default all. */
  trustedDocuments?: { mode: TrustedMode; documents: ReadonlyMap<string, string> };
  /** Demo logins to show in the explorer, if there are any. */
  demo?: ExplorerSettings['demo'];
  log: Logger;
  /** Which operations get a line in the log; by default none. */
  logOperations?: LoggedOperations;
  /** Where what happens is counted, if anywhere. */
  metrics?: Metrics | null;
  /** Where operations are traced to, if anywhere. */
  traces?: Traces | null;
  now?: () => number;
  /** The file of the ledger of erasures; without it there is none. */
  erasureLedger?: string;
  /** For tests: is told of every statement of the read side. */
  observe?: (text: string) => void;
  /** For the test that shows that PostgreSQL alone keeps tenants apart; never false elsewhere. */
  tenantFilter?: boolean;
  /** For the bench: what carries the engine's statements. */
  carrier?: DatabaseSettings['carrier'];
}

/** What server and worker have in common. */
export interface Core {
  database: Database;
  door: AuthDoor;
  privacy: PrivacyDoor;
}

/** Everything that is made once a process. */
export interface App extends Core {
  http: FastifyInstance;
  /** Not ready from now on, and every client is asked to go elsewhere; requests are still answered. */
  beginClosing(): void;
  /** Refuses new requests, lets running ones finish, gives the connections back. */
  close(): Promise<void>;
}

/** Opens the database; close it. */
export function openCore(settings: AppSettings): Core {
  const now = settings.now ?? Date.now;
  const { secret } = settings;
  const personal = personalData(readSdl(settings.root), graph);
  const database = openDatabase({
    ...settings,
    migrations: migrationNames(settings.root),
    graph,
    seal: cursorSeal(secret, now),
    tenantFilter: settings.tenantFilter ?? true,
    personal,
    fingerprint: fingerprints(secret),
    seesAll: (caller) => can(caller, 'records:readAll'),
  });
  const door: AuthDoor = {
    database,
    now,
    passwords: passwords({ pepper: secret, cost: settings.bcryptCost, leastLength: settings.passwordLeastLength }),
    mailTokens: mailTokens(secret),
    throttle: throttle({ open: database.attempts, secret, scale: settings.throttleScale }),
    idleSeconds: settings.sessionIdleSeconds,
    lifetimeSeconds: settings.sessionSeconds,
    tokens: tokens({ keys: tokenKeys(settings), lifetimeSeconds: settings.accessTokenSeconds, now }),
  };
  const privacy: PrivacyDoor = {
    now,
    receipts: receipts(secret),
    exportLinks: exportLinks(secret, now),
    lists: subjectLists(graph, personal),
    ledger: ledgerOf(settings, now),
    organizationFiles: organizationFileNames(secret, now),
  };
  return { database, door, privacy };
}

function ledgerOf({ erasureLedger: file, secret, log }: AppSettings, now: () => number): PrivacyDoor['ledger'] {
  if (!file) return null;
  const complain = (error: unknown): void =>
    log.error({ file, problem: String(error) }, 'The ledger of erasures cannot be written.');
  return erasureLedger({ file, secret, now, complain });
}

function tokenKeys({ secret, tokenKeys: named = [] }: AppSettings): [TokenKey, ...TokenKey[]] {
  const [first, ...others] = named.map((key) => ({ id: key.id, secret: key.secret ?? secret }));
  return first ? [first, ...others] : [{ id: DEFAULT_KEY_ID, secret }];
}

function migrationNames(root: string): string[] {
  const entries = readdirSync(path.join(root, 'prisma/migrations'), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Builds the server; `app.http.listen(…)` opens the door, `app.http.inject(…)` tries it without a socket. */
export async function buildApp(settings: AppSettings): Promise<App> {
  const { log, metrics, traces } = settings;
  const { database, door, privacy } = openCore(settings);
  metrics?.watchPools(() => database.pools());
  const apollo = await startApollo(settings, budgets(database, settings.plans ?? PLANS));
  const standing = standingOf(database, door);
  const { http, closing } = await httpServer({
    apollo,
    contextFor: async ({ token, traceparent, ...request }) => {
      const seen = watch(traces?.begin(traceparent));
      const deadline = seen.started + settings.requestTimeoutMs;
      const who = await standing(token, request.device.ip);
      return new GraphContext({ database, door, privacy, ...request, deadline, watch: seen, ...who });
    },
    receiveTimeoutMs: settings.receiveTimeoutMs,
    sendTimeoutMs: settings.sendTimeoutMs,
    overload: { eventLoopDelayMs: settings.overloadDelayMs, onShed: metrics?.shed },
    secureCookies: settings.secureCookies,
    checkReady: () => database.checkReady(),
    openExport: (name) => openExport(database, privacy, name),
    openOrganizationFile: (name) => openOrganizationFile(database, { names: privacy.organizationFiles, now: privacy.now }, name),
    corsOrigins: settings.corsOrigins,
    trustProxy: settings.trustProxy ?? false,
    explorer: explorerOf(settings),
    log,
  });
  const close = async (): Promise<void> => {
    await http.close();
    await apollo.stop();
    await database.close();
  };
  return { http, beginClosing: closing.begin, database, door, privacy, close };
}

async function startApollo(settings: AppSettings, spending: Budgets): Promise<ApolloServer<GraphContext>> {
  const { root, schemaReaders, fastPath = true, executor = fastPath ? executeCompiled : executeAsIs, log } = settings;
  const schema = buildSchema(root);
  const mayReadSchema = (caller: Caller): boolean => can(caller, 'schema:read');
  const trusted = trustedIn(settings, schema);
  const price = { graph, budgets: spending };
  const { metrics, traces, logOperations = 'off' } = settings;
  const onlookers = [operationLog(log, logOperations), ...(metrics ? [metrics.operation] : []), ...(traces ? [endSpan] : [])];
  const execute = executor(schema);
  const apollo = graphServer({ schema, execute, schemaReaders, mayReadSchema, trustedDocuments: trusted, price, onlookers, log });
  await apollo.start();
  return apollo;
}

/** Documents that do not fit any more are told to the log: their clients have to be brought up to date. */
function trustedIn({ trustedDocuments: trusted, schemaReaders, log }: AppSettings, schema: GraphQLSchema): TrustedDocuments {
  const { mode, documents } = trusted ?? { mode: 'off', documents: new Map<string, string>() };
  for (const complaint of complaintsAbout(schema, documents)) log.warn(`A trusted document would be refused: ${complaint}`);
  return trustedDocuments(mode, documents, schemaReaders === 'nobody' ? [] : EXPLORER_DOCUMENTS);
}

/** None where nobody may read the schema: it could show nothing. */
function explorerOf({ root, explorerFolder, schemaReaders, demo }: AppSettings): ExplorerSettings | null {
  if (schemaReaders === 'nobody') return null;
  return {
    folder: explorerFolder ?? path.join(root, 'dist/explorer'),
    openSchema: schemaReaders === 'everybody',
    demo: demo ?? null,
  };
}
