import type { ApolloServerPlugin } from '@apollo/server';
import type { Span } from '../watch.js';
import type { GraphContext } from './context.js';
import type { Onlooker, Outcome } from './outcome.js';

/** Spans of what happens to a document; statements and transactions begin theirs in the span of the execution. */
export function tracingPlugin(): ApolloServerPlugin<GraphContext> {
  return {
    requestDidStart: async ({ contextValue: { watch } }) => {
      const request = watch.span;
      if (!request) return;
      const stage = (name: string) => async (): Promise<(failure?: unknown) => Promise<void>> => {
        const span = request.begin(name);
        return async (failure) => span.end(failure ? 'refused' : undefined);
      };
      return {
        parsingDidStart: stage('parse'),
        validationDidStart: stage('validate'),
        executionDidStart: async () => {
          const span = (watch.span = request.begin('execute'));
          return {
            executionDidEnd: async () => {
              span.end();
              watch.span = request;
            },
          };
        },
      };
    },
  };
}

/** Ends the span of a request. */
export const endSpan: Onlooker = (outcome) =>
  outcome.watch.span?.note(attributesOf(outcome), nameOf(outcome)).end(outcome.codes[0]);

/** A name of a client's own making would make as many kinds of spans; it is an attribute. */
function nameOf({ type, knownAs }: Outcome): string {
  return knownAs === 'other' ? (type ?? 'request') : `${type ?? 'request'} ${knownAs}`;
}

const LONGEST_NAME = 100;

function attributesOf({ requestId, type, operation, orgId, document, watch }: Outcome): Parameters<Span['note']>[0] {
  return {
    'graphql.operation.type': type,
    'graphql.operation.name': operation?.slice(0, LONGEST_NAME) ?? null,
    'pulse.document.hash': document,
    'pulse.request.id': requestId,
    'pulse.organization.id': orgId,
    'pulse.statements': watch.statements,
    'pulse.cost': watch.cost?.actual ?? null,
  };
}
