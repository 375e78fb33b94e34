import { randomUUID } from 'node:crypto';
import type { ApolloServer } from '@apollo/server';
import fastifyApollo from '@as-integrations/fastify';
import cookies from '@fastify/cookie';
import cors from '@fastify/cors';
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { watchAnswers, whenGone } from './answers.js';
import { bearerFrom } from './bearer.js';
import { parseBodies } from './body.js';
import { compressAnswers } from './compression.js';
import { closingOf, type Closing } from './closing.js';
import { refreshCookie, type RefreshCookie } from './refresh-cookie.js';
import { explorerRoutes, type ExplorerSettings } from './explorer.js';
import { exportRoutes, type ExportFile } from './exports.js';
import { organizationFileRoutes, type OrganizationFileSettings } from './organization-files.js';
import { answerFailures, answerUnroutable } from './failures.js';
import { healthRoutes } from './health.js';
import { shedLoad, type OverloadLimits } from './overload.js';

/** What the socket side needs of the stages behind it; it knows no GraphQL and no database. */
export interface HttpSettings<Context extends object> extends OrganizationFileSettings {
  apollo: ApolloServer<Context>;
  contextFor: (request: ContextRequest) => Promise<Context>;
  /** Whether the refresh cookie is for HTTPS only; off for http://localhost. */
  secureCookies: boolean;
  /** Resolves when requests can be answered. */
  checkReady: () => Promise<void>;
  /** The file behind `/exports/<name>`; null when there is none, for whatever reason. */
  openExport: (name: string) => Promise<ExportFile | null>;
  corsOrigins: readonly string[];
  trustProxy: TrustProxy;
  /** How long a request may take to arrive in full, and an answer to be taken. */
  receiveTimeoutMs: number;
  sendTimeoutMs: number;
  overload: OverloadLimits;
  /** Null: no explorer. */
  explorer: ExplorerSettings | null;
  log: FastifyBaseLogger;
}

/** Nobody, a number of proxies, or their addresses (https://fastify.dev/docs/latest/Reference/Server/#trustproxy). */
export type TrustProxy = false | number | string[];

/** What of a request concerns the context. */
export interface ContextRequest {
  requestId: string;
  device: { ip: string | null; userAgent: string | null };
  /** What the request shows of who is calling; null for a visitor. */
  token: string | null;
  /** The trace it is a part of, as its header says (https://www.w3.org/TR/trace-context/). */
  traceparent: string | null;
  cookie: RefreshCookie;
  /** Calls when nobody waits for the answer any more. */
  whenGone: (listener: () => void) => void;
}

/** The server, and how it says that it is about to stop. */
export interface HttpServer {
  http: FastifyInstance;
  closing: Closing;
}

/** Largest request body in bytes; the largest operation of the documentation has 4 KB. */
const BODY_LIMIT = 1_048_576;
/** How often Node looks for requests that have not arrived in time; by default only every 30 s. */
const LOOK_MS = 500;

/** The HTTP server: `/graphql`, `/graphiql`, `/livez`, `/readyz`. Start Apollo before, listen after. */
export async function httpServer<Context extends object>(settings: HttpSettings<Context>): Promise<HttpServer> {
  const server: FastifyInstance = Fastify({
    loggerInstance: settings.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    trustProxy: trusted(settings.trustProxy),
    requestTimeout: settings.receiveTimeoutMs,
    http: { connectionsCheckingInterval: LOOK_MS, headersTimeout: settings.receiveTimeoutMs },
    genReqId: () => randomUUID(),
    frameworkErrors: answerUnroutable,
    forceCloseConnections: 'idle',
  });
  server.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });
  const closing = closingOf(server, watchAnswers(server, settings.sendTimeoutMs));
  answerFailures(server);
  parseBodies(server);
  await server.register(cors, { origin: [...settings.corsOrigins], credentials: true, maxAge: 86_400 });
  await server.register(cookies);
  await server.register(healthRoutes, { checkReady: settings.checkReady, isClosing: closing.isClosing });
  if (settings.explorer) await server.register(explorerRoutes, settings.explorer);
  await server.register(exportRoutes, settings);
  await server.register(organizationFileRoutes, settings);
  await compressAnswers(server);
  await server.register(graphqlRoute, settings);
  return { http: server, closing };
}

async function graphqlRoute<Context extends object>(scope: FastifyInstance, settings: HttpSettings<Context>): Promise<void> {
  await shedLoad(scope, settings.overload);
  await scope.register(fastifyApollo(settings.apollo), {
    method: ['GET', 'POST'],
    context: async (request, reply) =>
      settings.contextFor({
        requestId: request.id,
        device: { ip: addressOf(request.ip), userAgent: request.headers['user-agent']?.slice(0, 500) ?? null },
        token: bearerFrom(request.headers),
        traceparent: headerOf(request.headers['traceparent']),
        cookie: refreshCookie(request, reply, settings.secureCookies),
        whenGone: whenGone(reply.raw),
      }),
  });
}

function headerOf(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** So many hops from this server outwards are proxies of ours. */
function trusted(proxies: TrustProxy): false | string[] | ((address: string, hop: number) => boolean) {
  return typeof proxies === 'number' ? (_, hop) => hop < proxies : proxies;
}

/** Without the scope of a link-local address (`fe80::1%eth0`), which PostgreSQL's inet does not know. */
function addressOf(ip: string): string {
  return ip.replace(/%.*$/, '');
}
