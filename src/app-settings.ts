import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { DatabaseSettings } from './db/index.js';
import type { Plans } from './domain/budgets/plans.js';
import type { Execute } from './graphql/compiled/index.js';
import type { TrustedMode } from './graphql/documents/trusted.js';
import type { SchemaReaders } from './graphql/introspection.js';
import type { ExplorerSettings } from './http/explorer.js';
import type { TrustProxy } from './http/server.js';
import type { Metrics } from './metrics.js';
import type { LoggedOperations } from './operation-log.js';
import type { Traces } from './traces.js';

/** What an app is built with. */
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
  /** For tests that count facts: whether refusals are told; by default they are. */
  tellRefusals?: boolean;
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
