import { locatedError, type GraphQLError, type GraphQLResolveInfo } from 'graphql';
import type { GraphContext } from '../context.js';
import { argumentsOf, type FieldPlan, type OperationPlan } from './plan.js';

/** Where in the answer something stands; made for objects and lists, and for a leaf only when it fails. */
export interface Path {
  readonly prev: Path | undefined;
  readonly key: string | number;
  readonly typename: string | undefined;
}

/** One execution of a plan. */
export interface Run {
  plan: OperationPlan;
  context: GraphContext;
  variables: Record<string, unknown>;
  /** Whether nothing else is read in its snapshot. */
  isAlone: boolean;
  /** Arguments with variables in them are coerced once an execution, not once a row. */
  args: Map<FieldPlan, Record<string, unknown>>;
  /** What is read ahead of what a field leads to. */
  ahead: Map<FieldPlan, unknown>;
  errors: GraphQLError[];
  /** Places that have become null, so that nothing below them is told. */
  nulled: Set<Path | undefined>;
}

export function argsIn(run: Run, field: FieldPlan): Record<string, unknown> {
  if (!field.usesVariables) return field.constant ?? argumentsOf(field, run.variables);
  const known = run.args.get(field);
  if (known) return known;
  const made = argumentsOf(field, run.variables);
  run.args.set(field, made);
  return made;
}

const EXECUTION = Symbol('execution');

/** What graphql-js hands to a resolver as its fourth argument, and where to find the plan behind it. */
export function infoOf(run: Run, field: FieldPlan, path: Path): GraphQLResolveInfo {
  const { schema, fragments, operation } = run.plan;
  const info: GraphQLResolveInfo & { [EXECUTION]: Execution } = {
    [EXECUTION]: { run, field },
    fieldName: field.definition.name,
    fieldNodes: field.nodes,
    returnType: field.definition.type,
    parentType: field.parentType,
    path,
    schema,
    fragments,
    rootValue: undefined,
    operation,
    variableValues: run.variables,
  };
  return info;
}

/** A field that is being resolved by a plan. */
export interface Execution {
  run: Run;
  field: FieldPlan;
}

/** Null when graphql-js is executing. */
export function executionOf(info: GraphQLResolveInfo): Execution | null {
  return (info as { [EXECUTION]?: Execution })[EXECUTION] ?? null;
}

/** An error with the place it belongs to. */
export function located(field: FieldPlan, path: Path, raw: unknown): GraphQLError {
  return locatedError(raw, field.nodes, pathToArray(path));
}

/** Notes an error, unless the answer has become null above it already. */
export function note(run: Run, error: GraphQLError, path: Path | undefined): void {
  for (let place = path; place !== undefined; place = place.prev) if (run.nulled.has(place)) return;
  if (run.nulled.has(undefined)) return;
  run.nulled.add(path);
  run.errors.push(error);
}

function pathToArray(path: Path): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let place: Path | undefined = path; place; place = place.prev) keys.push(place.key);
  return keys.reverse();
}
