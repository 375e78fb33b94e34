import type { Logger } from 'pino';
import type { Onlooker, Outcome } from './graphql/outcome.js';

/** Which operations get a line in the log: all, those with an error, or none. */
export type LoggedOperations = 'all' | 'failed' | 'off';

/**
 * One line an operation. It names no person: who made a change is in its audit facts, under the same request id
 * (docs/decisions/0042-seen-from-outside.md).
 */
export function operationLog(log: Logger, which: LoggedOperations): Onlooker {
  return (outcome) => {
    if (which === 'off' || (which === 'failed' && outcome.codes.length === 0) || !log.isLevelEnabled('info')) return;
    log.info(lineOf(outcome), 'operation');
  };
}

/** A client may call an operation anything, and as long as a document may be. */
const LONGEST_NAME = 100;

function lineOf({ requestId, type, operation, document, orgId, via, milliseconds, codes, watch }: Outcome): object {
  return {
    requestId,
    type,
    operation: operation?.slice(0, LONGEST_NAME) ?? null,
    hash: document,
    orgId,
    via,
    ms: Math.round(milliseconds * 10) / 10,
    cost: watch.cost,
    statements: watch.statements,
    codes,
  };
}
