import {
  GraphQLError,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  OperationTypeNode,
  type ExecutionResult,
  type GraphQLAbstractType,
  type GraphQLObjectType,
  type GraphQLOutputType,
} from 'graphql';
import { inspect } from 'graphql/jsutils/inspect.js';
import { isAnswerText } from '../../db/index.js';
import type { GraphContext } from '../context.js';
import { leafValue, plainValue } from './leaves.js';
import { planBelow, type FieldPlan, type ObjectPlan, type OperationPlan } from './plan.js';
import { argsIn, infoOf, located, note, type Path, type Run } from './run.js';

/**
 * Executes a plan as graphql-js would (spec section 6, and the order of errors of graphql-js 16), without asking again for
 * every row what follows from the document alone. test/fast-path.test.ts compares both.
 */
export function executePlan(
  plan: OperationPlan,
  context: GraphContext,
  variables: Record<string, unknown>,
  isAlone: boolean,
): ExecutionResult | Promise<ExecutionResult> {
  const run: Run = { plan, context, variables, isAlone, args: new Map(), ahead: new Map(), errors: [], nulled: new Set() };
  const failed = (error: unknown): ExecutionResult => {
    note(run, error as GraphQLError, undefined);
    return answer(run, null);
  };
  try {
    const data =
      plan.operation.operation === OperationTypeNode.MUTATION
        ? executeSerially(run)
        : executeFields(run, plan.root, undefined, undefined);
    return isPromise(data) ? data.then((settled) => answer(run, settled as Data), failed) : answer(run, data as Data);
  } catch (error) {
    return failed(error);
  }
}

type Data = Record<string, unknown> | null;

function answer({ errors }: Run, data: Data): ExecutionResult {
  return errors.length === 0 ? { data } : { errors, data };
}

/** Each field of a mutation begins when all of the one before has ended (spec section 6.2.2). */
async function executeSerially(run: Run): Promise<Data> {
  const results: Record<string, unknown> = {};
  for (const field of run.plan.root.fields) results[field.key] = await executeField(run, field, undefined, undefined);
  return results;
}

function executeFields(run: Run, plan: ObjectPlan, source: unknown, path: Path | undefined): unknown {
  const results: Record<string, unknown> = {};
  let pending = false;
  try {
    for (const field of plan.fields) {
      const value = executeField(run, field, source, path);
      results[field.key] = value;
      if (isPromise(value)) pending = true;
    }
  } catch (error) {
    // What other fields have begun may fail too, and nobody would hear of it.
    if (pending)
      return settled(results).finally(() => {
        throw error;
      });
    throw error;
  }
  return pending ? settled(results) : results;
}

async function settled(results: Record<string, unknown>): Promise<Record<string, unknown>> {
  const keys = Object.keys(results);
  const values = await Promise.all(Object.values(results));
  keys.forEach((key, index) => (results[key] = values[index]));
  return results;
}

function executeField(run: Run, field: FieldPlan, source: unknown, above: Path | undefined): unknown {
  const { definition } = field;
  const { resolve } = definition;
  if (!resolve && field.leaf) {
    const value = plainValue(field.leaf, (source as Record<string, unknown> | null | undefined)?.[definition.name]);
    if (value !== undefined && (value !== null || !field.isRequired)) return value;
  }
  const path = pathTo(field, above);
  try {
    const result = resolve
      ? resolve(source, argsIn(run, field), run.context, field.wantsInfo ? infoOf(run, field, path) : (undefined as never))
      : byName(run, field, source, path);
    const completed = isPromise(result)
      ? result.then((value) => complete(run, field, definition.type, path, value))
      : complete(run, field, definition.type, path, result);
    return isPromise(completed)
      ? completed.then(undefined, (raw: unknown) => fail(run, field, definition.type, path, raw))
      : completed;
  } catch (raw) {
    return fail(run, field, definition.type, path, raw);
  }
}

function pathTo(field: FieldPlan, above: Path | undefined): Path {
  return { prev: above, key: field.key, typename: field.parentType.name };
}

const NO_INFO = {};

/** graphql-js's default resolver for a property that is a method or a promise. */
function byName(run: Run, field: FieldPlan, source: unknown, path: Path): unknown {
  const property = (source as Record<string, unknown> | null | undefined)?.[field.definition.name];
  if (typeof property !== 'function') return property;
  const method = property as (args: object, context: GraphContext, info: object) => unknown;
  return method.call(source, argsIn(run, field), run.context, method.length > 2 ? infoOf(run, field, path) : NO_INFO);
}

/** Null for what may be null; otherwise the object above fails too. */
function fail(run: Run, field: FieldPlan, type: GraphQLOutputType, path: Path, raw: unknown): null {
  const error = located(field, path, raw);
  if (isNonNullType(type)) throw error;
  note(run, error, path);
  return null;
}

function complete(run: Run, field: FieldPlan, type: GraphQLOutputType, path: Path, value: unknown): unknown {
  if (value instanceof Error) throw value;
  if (isNonNullType(type)) {
    const completed = complete(run, field, type.ofType, path, value);
    if (completed === null)
      throw new Error(`Cannot return null for non-nullable field ${field.parentType.name}.${field.definition.name}.`);
    return completed;
  }
  if (value === null || value === undefined) return null;
  if (isLeafType(type)) return leafValue(type, value);
  if (isAnswerText(value)) return value;
  if (isListType(type)) return list(run, field, type.ofType, path, value);
  if (isObjectType(type)) return executeFields(run, planBelow(run.plan, field, type), value, path);
  return abstract(run, field, type, path, value);
}

function list(run: Run, field: FieldPlan, itemType: GraphQLOutputType, path: Path, value: unknown): unknown {
  if (!isIterable(value))
    throw new GraphQLError(
      `Expected Iterable, but did not find one for field "${field.parentType.name}.${field.definition.name}".`,
    );
  let pending = false;
  const items = Array.from(value, (item, index) => {
    const place: Path = { prev: path, key: index, typename: undefined };
    try {
      const completed = isPromise(item)
        ? item.then((settledItem) => complete(run, field, itemType, place, settledItem))
        : complete(run, field, itemType, place, item);
      if (!isPromise(completed)) return completed;
      pending = true;
      return completed.then(undefined, (raw: unknown) => fail(run, field, itemType, place, raw));
    } catch (raw) {
      return fail(run, field, itemType, place, raw);
    }
  });
  return pending ? Promise.all(items) : items;
}

function abstract(run: Run, field: FieldPlan, type: GraphQLAbstractType, path: Path, value: unknown): unknown {
  const name = type.resolveType?.(value, run.context, infoOf(run, field, path), type);
  if (isPromise(name)) return name.then((settledName) => ofType(run, field, type, path, value, settledName));
  return ofType(run, field, type, path, value, name);
}

function ofType(run: Run, field: FieldPlan, type: GraphQLAbstractType, path: Path, value: unknown, name: unknown): unknown {
  const { schema } = run.plan;
  const found = typeof name === 'string' ? schema.getType(name) : undefined;
  if (!isObjectType(found) || !schema.isSubType(type, found))
    throw new GraphQLError(`A value of "${type.name}" must say which of its types it is; it says ${inspect(name)}.`);
  return executeFields(run, planBelow(run.plan, field, found satisfies GraphQLObjectType), value, path);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && typeof (value as { [Symbol.iterator]?: unknown } | null)?.[Symbol.iterator] === 'function';
}
