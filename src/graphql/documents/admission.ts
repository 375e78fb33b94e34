import { createHash } from 'node:crypto';
import type { ApolloServerPlugin, GraphQLRequest } from '@apollo/server';
import { OperationTypeNode, parse, type DocumentNode, type GraphQLError } from 'graphql';
import type { GraphContext } from '../context.js';
import { excessOf, lengthExcess, refusal } from './limits.js';
import type { TrustedDocuments } from './trusted.js';

export interface AdmissionSettings {
  trusted: TrustedDocuments;
  /** Whether the caller may send documents of their own where only trusted ones are taken: who may read the schema. */
  mayAskAnything: (context: GraphContext) => boolean;
}

/** What Apollo sees in place of a document that was refused; kept out of its store by `documentStore`. */
export const NOTHING: DocumentNode = parse('{ __typename }');

/**
 * Refuses documents before they cost anything: by their text before they are parsed, by their tree before they are validated.
 * Apollo Server lets plugins refuse a request only once its operation is known, so a refused text or tree is replaced by one that
 * costs nothing, and the refusal is thrown then (docs/decisions/0040-documents.md).
 */
export function admission(settings: AdmissionSettings): ApolloServerPlugin<GraphContext> {
  return {
    requestDidStart: async ({ request, contextValue }) => {
      let refused = textRefusal(request, contextValue, settings);
      if (refused) replaceText(request);
      return {
        validationDidStart: async (context) => {
          refused ??= excessOf(context.document);
          // The type says read-only; what validation reads afterwards is this property.
          if (refused) (context as { document: DocumentNode }).document = NOTHING;
        },
        didResolveOperation: async ({ operation }) => {
          if (refused) throw refused;
          if (!operation) throw unknownOperation(request.operationName);
          if (operation?.operation === OperationTypeNode.SUBSCRIPTION)
            throw refusal('Subscriptions are not answered over HTTP requests. Read the data with a query.', 'BAD_REQUEST');
        },
      };
    },
  };
}

/**
 * Apollo Server goes on to execute a request whose operation it has not found, under no name: that of a document with one operation would be
 * executed, without a price.
 */
function unknownOperation(name: string | null | undefined): GraphQLError {
  const message =
    name == null
      ? 'The document has several operations: name one of them (`operationName`).'
      : `The document has no operation named "${name}".`;
  return refusal(message, 'OPERATION_RESOLUTION_FAILURE');
}

function textRefusal(
  { query, extensions }: GraphQLRequest,
  context: GraphContext,
  { trusted, mayAskAnything }: AdmissionSettings,
): GraphQLError | null {
  const persisted = extensions?.['persistedQuery'] as unknown;
  const wrong = persisted == null ? null : persistedRefusal(persisted, query);
  if (wrong || query === undefined) return wrong;
  const excess = lengthExcess(query);
  if (excess || trusted.mode !== 'only' || trusted.holds(query) || mayAskAnything(context)) return excess;
  return refusal(
    'This server takes only documents that its operator has listed. Send one of those, by its hash or its exact text.',
    'QUERY_NOT_IN_SAFELIST',
  );
}

/** Longer than any hash; shorter than anything worth keeping. */
const LONGEST_HASH = 128;

/** What Apollo would answer as a fault of its own, or keep under a false name. */
function persistedRefusal(persisted: unknown, query: string | undefined): GraphQLError | null {
  const { version, sha256Hash: hash } = persisted as { version?: unknown; sha256Hash?: unknown };
  if (version !== 1 || typeof hash !== 'string' || hash === '' || hash.length > LONGEST_HASH)
    return refusal('A persisted query is named by { version: 1, sha256Hash: "…" }.', 'BAD_REQUEST');
  if (query !== undefined && hashOf(query) !== hash)
    return refusal('The hash of the persisted query is not the SHA-256 of the query sent with it.', 'BAD_REQUEST');
  return null;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function replaceText(request: GraphQLRequest): void {
  request.query = '{ __typename }';
  delete request.extensions;
}
