import { ApolloServer, type ApolloServerOptionsWithGateway, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled, ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { unwrapResolverError } from '@apollo/server/errors';
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Caller } from '../caller.js';
import { plainWords } from '../db/index.js';
import { stringify } from '../lib/ready-json.js';
import type { Execute } from './compiled/index.js';
import type { GraphContext } from './context.js';
import { withinDeadline } from './deadline.js';
import { admission } from './documents/admission.js';
import { MOST_TOKENS } from './documents/limits.js';
import { documentStore, persistedQueries } from './documents/stores.js';
import type { TrustedDocuments } from './documents/trusted.js';
import { checkAsksNoSchema, type SchemaReaders } from './introspection.js';
import { checkVariables } from './variables.js';
import { statusByMediaType } from './over-http.js';
import { formatError, identify } from './format-error.js';
import { outcomePlugin, type Onlooker } from './outcome.js';
import { tracingPlugin } from './tracing.js';
import { pricePlugin, type PriceSettings } from './price/plugin.js';
import { idempotencyAtMutations } from './write-request.js';

export interface GraphServerSettings {
  schema: GraphQLSchema;
  /** What executes operations: graphql-js, or plans (src/graphql/compiled); the answers are the same. */
  execute: Execute;
  /** Who may read the schema. */
  schemaReaders: SchemaReaders;
  trustedDocuments: TrustedDocuments;
  /** Whether a caller counts as an administrator who may. */
  mayReadSchema: (caller: Caller) => boolean;
  /** What operations cost, and what callers may spend. */
  price: PriceSettings;
  /** Who looks at operations from outside. */
  onlookers: readonly Onlooker[];
  log: Logger;
}

const MOST_ERRORS = 3;

/** Apollo Server with Pulse's limits; start it before use. */
export function graphServer(settings: GraphServerSettings): ApolloServer<GraphContext> {
  const { schemaReaders, mayReadSchema, trustedDocuments: trusted, log } = settings;
  const mayAskAnything = (context: GraphContext): boolean => schemaReaders !== 'nobody' && context.isCaller(mayReadSchema);
  return new ApolloServer<GraphContext>({
    gateway: gatewayOf(settings),
    introspection: schemaReaders !== 'nobody',
    hideSchemaDetailsFromClientErrors: schemaReaders !== 'everybody',
    includeStacktraceInErrorResponses: false,
    formatError,
    csrfPrevention: true,
    parseOptions: { maxTokens: MOST_TOKENS },
    validationRules: [idempotencyAtMutations],
    validationOptions: { maxErrors: MOST_ERRORS },
    documentStore: documentStore(),
    persistedQueries: { cache: persistedQueries(trusted) },
    stopOnTerminationSignals: false,
    logger: ofApollo(log),
    stringifyResult: (result) => `${stringify(result)}\n`,
    plugins: [
      // On by default, it wraps every resolver: 1.8 times the time on big lists (docs/BENCHMARKS.md).
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      admission({ trusted, mayAskAnything }),
      operationPlugin(settings),
      pricePlugin(settings.schema, settings.price),
      statusByMediaType(),
      tracingPlugin(),
      outcomePlugin(trusted, settings.onlookers),
    ],
  });
}

/** Apollo's own lines are sentences with an error's message in them. */
function ofApollo(log: Logger): Required<ApolloServerOptionsWithGateway<GraphContext>>['logger'] {
  const child = log.child({ part: 'apollo' });
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (words?: unknown) => child[level](plainWords(String(words)));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Apollo Server takes an executor of one's own only from a gateway, so this is one that fetches nothing. */
function gatewayOf({ schema, execute }: GraphServerSettings): ApolloServerOptionsWithGateway<GraphContext>['gateway'] {
  const bounded = withinDeadline(execute);
  return {
    load: async () => ({
      executor: async ({ document, operationName, request, context }) =>
        bounded({ document, operationName, variables: request.variables ?? {}, context: context as GraphContext, isAlone: true }),
    }),
    onSchemaLoadOrUpdate: (callback) => {
      callback({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    stop: async () => undefined,
  };
}

/** Ends the snapshot with the execution, before a slow client has read the answer; puts the request's id on its errors. */
function operationPlugin({ log, schemaReaders, mayReadSchema }: GraphServerSettings): ApolloServerPlugin<GraphContext> {
  return {
    contextCreationDidFail: async ({ error }) => log.error({ err: error }, 'no context could be made'),
    unexpectedErrorProcessingRequest: async ({ error }) => log.error({ err: error }, 'request failed'),
    requestDidStart: async () => ({
      didResolveOperation: async ({ request, document, contextValue }) => {
        checkVariables(request.variables);
        if (schemaReaders === 'admins' && !contextValue.isCaller(mayReadSchema)) checkAsksNoSchema(document);
      },
      executionDidStart: async ({ contextValue }) => ({ executionDidEnd: async () => contextValue.end() }),
      willSendResponse: async ({ contextValue, response, errors, operationName }) => {
        contextValue.end();
        if (response.body.kind !== 'single' || !errors) return;
        const { requestId } = contextValue;
        const { singleResult } = response.body;
        // A request that was refused as a whole gets a small answer, however much is wrong with it.
        const told = singleResult.data === undefined ? singleResult.errors?.slice(0, MOST_ERRORS) : singleResult.errors;
        singleResult.errors = told?.map((formatted, index) => {
          if (formatted.extensions?.['code'] === 'INTERNAL') {
            log.error(
              { err: unwrapResolverError(errors[index]), requestId, operation: operationName, path: formatted.path },
              'operation failed',
            );
          }
          return identify(formatted, requestId);
        });
        const seconds = retryAfter(singleResult.errors);
        if (seconds) response.http.headers.set('retry-after', String(seconds));
      },
    }),
  };
}

/** When to repeat a request of which parts failed; the header is for whoever does not read the answer. */
function retryAfter(errors: readonly GraphQLFormattedError[] = []): number {
  return Math.max(0, ...errors.map(({ extensions }) => Number(extensions?.['retryAfterSeconds'] ?? 0)));
}
