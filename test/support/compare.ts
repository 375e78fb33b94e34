import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { executeAsIs, executeCompiled, type Execute } from '../../src/graphql/compiled/index.js';

/** Operations that the fast path and graphql-js did not answer alike. */
export interface Comparison {
  executor: (schema: GraphQLSchema) => Execute;
  compared: number;
  differences: { query: string; variables: unknown; fast: string; plain: string }[];
}

/**
 * Executes every query twice in one snapshot, by plans and by graphql-js, and keeps what differs. Mutations are executed once:
 * both ways leave them to graphql-js.
 */
export function comparison(): Comparison {
  const seen: Comparison = {
    compared: 0,
    differences: [],
    executor: (schema) => {
      const [fastPath, asIs] = [executeCompiled(schema), executeAsIs(schema)];
      return async (operation) => {
        const fast = await fastPath(operation);
        const isQuery = operation.document.definitions.every(
          (part) => !('operation' in part) || String(part.operation) === 'query',
        );
        if (!isQuery) return fast;
        const plain = await asIs(operation);
        seen.compared += 1;
        const texts = [textOf(fast), textOf(plain)] as const;
        if (texts[0] !== texts[1]) {
          const { loc } = operation.document;
          seen.differences.push({ query: loc?.source.body ?? '', variables: operation.variables, ...whereTheyPart(...texts) });
        }
        return fast;
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
 * As it goes to the client, the order of fields included; not that of errors, which come in the order in which what failed was
 * waited for.
 */
function textOf({ data, errors }: ExecutionResult): string {
  return JSON.stringify({ data, errors: errors?.map((error) => JSON.stringify([error, String(error.originalError)])).sort() });
}
