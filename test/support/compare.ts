import { AsyncLocalStorage } from 'node:async_hooks';
import {
  defaultFieldResolver,
  getNamedType,
  Kind,
  OperationTypeNode,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { stringify } from '../../src/lib/ready-json.js';
import { executeAsIs, executeCompiled, type Execute, type Operation } from '../../src/graphql/compiled/index.js';
import { budgeted, type Overrun } from './budget.js';

/** Operations that the fast path and graphql-js did not answer alike. */
export interface Comparison {
  executor: (schema: GraphQLSchema) => Execute;
  compared: number;
  /** Of either way. */
  overruns: Overrun[];
  differences: { query: string; variables: unknown; fast: string; plain: string }[];
}

/** What the fields of a mutation were resolved to the first time, by their names in the answer. */
type Outcomes = Map<string | number, Promise<unknown>>;

const executing = new AsyncLocalStorage<Outcomes>();
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
 * Executes every operation twice in one snapshot, by plans and by graphql-js, and keeps what differs. What a mutation does is done once; its payload is
 * read twice more, and is what it was the first time if nobody else was asking meanwhile. Of several fields each has a snapshot of its own, and is not compared.
 */
export function comparison(fast = executeCompiled): Comparison {
  let asked = 0;
  let active = 0;
  const seen: Comparison = {
    compared: 0,
    overruns: [],
    differences: [],
    executor: (schema) => {
      doOnce(schema);
      const ways = [fast, executeAsIs].map((make) => budgeted(make, seen.overruns)(schema)) as [Execute, Execute];
      return async (given) => {
        const operation = { ...given, isAlone: false };
        const turn = (asked += 1);
        active += 1;
        try {
          return await compareWays(ways, operation, seen, () => active === 1 && asked === turn);
        } finally {
          active -= 1;
        }
      };
    },
  };
  return seen;
}

/** @param isUndisturbed whether nobody else was asking since the operation began. */
async function compareWays(
  [fastPath, asIs]: [Execute, Execute],
  operation: Operation,
  seen: Comparison,
  isUndisturbed: () => boolean,
): Promise<ExecutionResult> {
  const outcomes: Outcomes = new Map();
  const answer = await executing.run(outcomes, async () => fastPath(operation));
  const again = (execute: Execute): Promise<ExecutionResult> =>
    executing.run(outcomes, () => repeating.run(true, async () => execute(operation)));
  const operations = operation.document.definitions.filter(isOperation);
  if (operations.every(({ operation: kind }) => kind === OperationTypeNode.QUERY)) {
    note(seen, operation, [[answer, await again(asIs)]]);
    return answer;
  }
  const { callerIfKnown: caller } = operation.context;
  if (operations.length > 1 || outcomes.size !== 1 || !caller) return answer;
  operation.context.enter(caller);
  const replayed = await again(fastPath);
  const plain = await again(asIs);
  note(
    seen,
    operation,
    isUndisturbed()
      ? [
          [answer, plain],
          [replayed, plain],
        ]
      : [[replayed, plain]],
  );
  return answer;
}

/** Keeps an operation of which two answers differ. */
function note(seen: Comparison, { document, variables }: Operation, pairs: [ExecutionResult, ExecutionResult][]): void {
  seen.compared += 1;
  const texts = pairs.map(([fast, plain]) => [textOf(fast), textOf(plain)] as const);
  const different = texts.find(([fast, plain]) => fast !== plain);
  if (different) seen.differences.push({ query: document.loc?.source.body ?? '', variables, ...whereTheyPart(...different) });
}

function isOperation(part: { kind: Kind }): part is OperationDefinitionNode {
  return part.kind === Kind.OPERATION_DEFINITION;
}

/** Payloads that tell a time that runs: a moment later they answer otherwise. */
const TICKING = ['AuthPayload'];

/** Makes the fields of mutations remember what they were resolved to. */
function doOnce(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve = defaultFieldResolver, type } = field;
    if (TICKING.includes(getNamedType(type).name)) continue;
    const remembering: GraphQLFieldResolver<unknown, unknown> = (source, args, context, info) => {
      const outcomes = executing.getStore();
      const known = outcomes?.get(info.path.key);
      if (known) return known;
      const outcome = (async (): Promise<unknown> => resolve(source, args, context, info))();
      outcome.catch(() => undefined);
      outcomes?.set(info.path.key, outcome);
      return outcome;
    };
    field.resolve = remembering;
  }
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
