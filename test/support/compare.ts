import { AsyncLocalStorage } from 'node:async_hooks';
import type { ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import { stringify } from '../../src/lib/ready-json.js';
import { executeAsIs, executeCompiled, type Execute } from '../../src/graphql/compiled/index.js';
import { budgeted, type Overrun } from './budget.js';

/** Operations that the fast path and graphql-js did not answer alike. */
export interface Comparison {
  executor: (schema: GraphQLSchema) => Execute;
  compared: number;
  /** Of either way. */
  overruns: Overrun[];
  differences: { query: string; variables: unknown; fast: string; plain: string }[];
}

const repeating = new AsyncLocalStorage<true>();

/** Whether this is done for the second of two executions, which nobody asked for. */
export function isRepeated(): boolean {
  return repeating.getStore() ?? false;
}

/** Fails when the two ways did not answer alike. */
export function checkAlike({ differences }: Comparison): void {
  const [first] = differences;
  if (first)
    throw new Error(
      `${differences.length} operations were answered otherwise by plans than by graphql-js. The first one: ` +
        JSON.stringify(first, undefined, 2),
    );
}

/**
 * Executes every query twice in one snapshot, by plans and by graphql-js, and keeps what differs. Mutations are executed once:
 * both ways leave them to graphql-js.
 */
export function comparison(fast = executeCompiled): Comparison {
  const seen: Comparison = {
    compared: 0,
    overruns: [],
    differences: [],
    executor: (schema) => {
      const [fastPath, asIs] = [fast, executeAsIs].map((make) => budgeted(make, seen.overruns)(schema)) as [Execute, Execute];
      return async (asked) => {
        const operation = { ...asked, isAlone: false };
        const answer = await fastPath(operation);
        const isQuery = operation.document.definitions.every(
          (part) => !('operation' in part) || String(part.operation) === 'query',
        );
        if (!isQuery) return answer;
        const plain = await repeating.run(true, async () => asIs(operation));
        seen.compared += 1;
        const texts = [textOf(answer), textOf(plain)] as const;
        if (texts[0] !== texts[1]) {
          const { loc } = operation.document;
          seen.differences.push({ query: loc?.source.body ?? '', variables: operation.variables, ...whereTheyPart(...texts) });
        }
        return answer;
      };
    },
  };
  return seen;
}

function whereTheyPart(fast: string, plain: string): { fast: string; plain: string } {
  let start = 0;
  while (fast[start] === plain[start]) start += 1;
  const around = (text: string): string => text.slice(Math.max(0, start - 100), start + 200);
  return { fast: around(fast), plain: around(plain) };
}

/**
 * As it goes to the client, the order of fields included. Not compared is what the specification leaves open: the order of
 * errors, and which of several errors it is that makes the same place null.
 */
function textOf({ data, errors = [] }: ExecutionResult): string {
  return stringify({ data, errors: [...new Set(errors.map((error) => placeOf(error, data)))].sort() });
}

/** An error by where it shows: with all it says where its own field is null, by its place alone where something above it is. */
function placeOf(error: GraphQLError, data: unknown): string {
  const path = error.path ?? [];
  let value: unknown = data;
  for (const [depth, key] of path.entries()) {
    if (value === null || value === undefined) return JSON.stringify(path.slice(0, depth));
    value = (value as Record<string | number, unknown>)[key];
  }
  return JSON.stringify([error, String(error.originalError)]);
}
