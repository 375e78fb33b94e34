import { getOperationAST, GraphQLError, OperationTypeNode, type ExecutionResult } from 'graphql';
import { timedOut, type DomainError } from '../errors.js';
import type { Execute, Operation } from './compiled/index.js';

/**
 * Executes until the request's time is up; then it is answered with TIMEOUT, and what it reads or changes is stopped. A query is
 * stopped, too, when its client has gone. A mutation goes on then: who lost the network after pressing a button wants it done.
 */
export function withinDeadline(execute: Execute): Execute {
  return (operation) =>
    new Promise((resolve, reject) => {
      const { context } = operation;
      const stop = (reason: DomainError): void => {
        clearTimeout(timer);
        context.abort(reason);
        resolve(refused(reason));
      };
      const timer = setTimeout(() => stop(timedOut()), Math.max(0, context.deadline - performance.now()));
      if (isQuery(operation)) context.whenGone(() => stop(timedOut()));
      run(execute, operation)
        .finally(() => clearTimeout(timer))
        .then(resolve, reject);
    });
}

/** What is thrown at once is thrown like the rest. */
async function run(execute: Execute, operation: Operation): Promise<ExecutionResult> {
  return execute(operation);
}

function isQuery({ document, operationName }: Operation): boolean {
  return getOperationAST(document, operationName)?.operation === OperationTypeNode.QUERY;
}

function refused(reason: DomainError): ExecutionResult {
  return { data: null, errors: [new GraphQLError(reason.message, { originalError: reason })] };
}
