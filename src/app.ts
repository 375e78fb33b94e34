import path from 'node:path';
import type { ApolloServer } from '@apollo/server';
import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Caller } from './caller.js';
import { budgets, type Budgets } from './domain/budgets/budgets.js';
import { PLANS } from './domain/budgets/plans.js';
import { openExport } from './domain/gdpr/exports.js';
import { openOrganizationFile } from './domain/exports/download.js';
import { graph } from './domain/index.js';
import { can } from './domain/permissions.js';
import { executeAsIs, executeCompiled } from './graphql/compiled/index.js';
import { GraphContext } from './graphql/context.js';
import { EXPLORER_DOCUMENTS } from './graphql/documents/explorer.js';
import { complaintsAbout, trustedDocuments, type TrustedDocuments } from './graphql/documents/trusted.js';
import { buildSchema } from './graphql/schema.js';
import type { Onlooker } from './graphql/outcome.js';
import { graphServer } from './graphql/server.js';
import { endSpan } from './graphql/tracing.js';
import type { ExplorerSettings } from './http/explorer.js';
import { httpServer } from './http/server.js';
import { denials } from './denials.js';
import { operationLog } from './operation-log.js';
import { standingOf } from './standing.js';
import { watch } from './watch.js';

import type { AppSettings } from './app-settings.js';
import { openCore, type Core } from './core.js';

export type { AppSettings } from './app-settings.js';

/** Everything that is made once a process. */
export interface App extends Core {
  http: FastifyInstance;
  /** Not ready from now on, and every client is asked to go elsewhere; requests are still answered. */
  beginClosing(): void;
  /** Refuses new requests, lets running ones finish, gives the connections back. */
  close(): Promise<void>;
}

/** Builds the server; `app.http.listen(…)` opens the door, `app.http.inject(…)` tries it without a socket. */
export async function buildApp(settings: AppSettings): Promise<App> {
  const { log, metrics, traces } = settings;
  const { database, door, privacy } = openCore(settings);
  metrics?.watchPools(() => database.pools());
  const apollo = await startApollo(settings, budgets(database, settings.plans ?? PLANS), denials(door.refusals));
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
    await door.refusals.close();
    await database.close();
  };
  return { http, beginClosing: closing.begin, database, door, privacy, close };
}

async function startApollo(settings: AppSettings, spending: Budgets, onDenial: Onlooker): Promise<ApolloServer<GraphContext>> {
  const { root, schemaReaders, fastPath = true, executor = fastPath ? executeCompiled : executeAsIs, log } = settings;
  const schema = buildSchema(root);
  const mayReadSchema = (caller: Caller): boolean => can(caller, 'schema:read');
  const trusted = trustedIn(settings, schema);
  const price = { graph, budgets: spending };
  const { metrics, traces, logOperations = 'off' } = settings;
  const onlookers = [
    onDenial,
    operationLog(log, logOperations),
    ...(metrics ? [metrics.operation] : []),
    ...(traces ? [endSpan] : []),
  ];
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
