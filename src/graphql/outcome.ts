import type { ApolloServerPlugin, GraphQLRequestContext } from '@apollo/server';
import type { DocumentNode, OperationTypeNode } from 'graphql';
import type { Caller } from '../caller.js';
import type { Watch } from '../watch.js';
import type { GraphContext } from './context.js';
import type { TrustedDocuments } from './documents/trusted.js';

/**
 * What is known of an operation once it is answered: names, ids and numbers, no value. `caller` and `ip` are for the audit, which erasure reaches, and
 * for nothing that outlives it.
 */
export interface Outcome {
  caller: Caller | null;
  ip: string | null;
  requestId: string;
  /** Null where no operation could be made out. */
  type: OperationTypeNode | null;
  /** As the client calls it. */
  operation: string | null;
  /** The same where the document is a trusted one, else `other`: strangers cannot make up more of them. */
  knownAs: string;
  /** SHA-256 of the document. */
  document: string | null;
  orgId: string | null;
  via: Caller['via']['kind'] | null;
  milliseconds: number;
  /** Codes of its errors, each once. */
  codes: string[];
  watch: Watch;
}

/** Is told of every operation; must not throw, and keeps nobody waiting. */
export type Onlooker = (outcome: Outcome) => void;

/** Tells the onlookers of every operation, refused ones included. Stands last: what others say of an operation is said by then. */
export function outcomePlugin(trusted: TrustedDocuments, onlookers: readonly Onlooker[]): ApolloServerPlugin<GraphContext> {
  if (onlookers.length === 0) return {};
  const nameOf = knownNames(trusted);
  return {
    requestDidStart: async () => ({
      willSendResponse: async (request) => {
        const outcome = outcomeOf(request, nameOf);
        for (const onlooker of onlookers) onlooker(outcome);
      },
    }),
  };
}

type Answered = Pick<
  GraphQLRequestContext<GraphContext>,
  'contextValue' | 'document' | 'operation' | 'operationName' | 'queryHash' | 'response' | 'source'
>;

function outcomeOf(request: Answered, nameOf: (request: Answered) => string): Outcome {
  const { contextValue: context, operation, queryHash } = request;
  const caller = context.callerIfKnown;
  return {
    caller,
    ip: context.device.ip,
    requestId: context.requestId,
    type: operation?.operation ?? null,
    operation: request.operationName ?? null,
    knownAs: nameOf(request),
    document: queryHash ?? null,
    orgId: caller?.orgId ?? null,
    via: caller?.via.kind ?? null,
    milliseconds: performance.now() - context.watch.started,
    codes: codesOf(request.response.body),
    watch: context.watch,
  };
}

function codesOf(body: GraphQLRequestContext<GraphContext>['response']['body'] | undefined): string[] {
  const errors = (body?.kind === 'single' && body.singleResult.errors) || [];
  return [
    ...new Set(errors.map(({ extensions }) => (typeof extensions?.['code'] === 'string' ? extensions['code'] : 'INTERNAL'))),
  ];
}

/** Longer names of trusted operations are cut; those of clients are not told to metrics at all. */
const LONGEST_NAME = 100;

/** Kept with the parsed document, as everything that follows from it. */
function knownNames(trusted: TrustedDocuments): (request: Answered) => string {
  const trustedTexts = new WeakMap<DocumentNode, boolean>();
  return ({ document, source, operationName }) => {
    if (!document || source === undefined || !operationName) return 'other';
    const isTrusted = trustedTexts.get(document) ?? trusted.holds(source);
    trustedTexts.set(document, isTrusted);
    return isTrusted ? operationName.slice(0, LONGEST_NAME) : 'other';
  };
}
