import { sql } from 'kysely';
import { invalid, type FieldError } from '../../errors.js';
import { OPERATORS, entityOf, type Entity, type Operator } from '../graph.js';
import { meter, type Meter } from './limits.js';
import { resolved } from './moments.js';
import { operatorCondition, type Target } from './operators.js';
import { referenceCondition, scopeConditions, type Scope } from './scope.js';
import { all, any, column, not, viewOf, type Sql } from './sql.js';
import { targetOf } from './target.js';

type Path = FieldError['path'];

/** A filter input as GraphQL coerced it: fields with their conditions, and `and`, `or`, `not`. */
export type FilterInput = Readonly<Record<string, unknown>>;

/** Whose rows a part of a filter is about. */
export interface FilterPlace {
  entity: Entity;
  alias: string;
  scope: Scope;
  /** Relations walked to get here. */
  hops: number;
  meter: Meter;
}

/**
 * The SQL condition of a filter. Two-valued: what is not known to hold does not hold, so `not` is the exact complement.
 *
 * @throws DomainError INVALID_INPUT for a null operand, a text PostgreSQL cannot hold, or a filter that is too large.
 */
export function filterCondition(entity: Entity, alias: string, filter: FilterInput, scope: Scope): Sql {
  return conditionOf({ entity, alias, scope, hops: 0, meter: meter() }, filter, ['filter']);
}

function conditionOf(at: FilterPlace, filter: FilterInput, path: Path): Sql {
  return all(given(filter, path).map(([name, operand, here]) => partCondition(at, name, operand, here)));
}

function partCondition(at: FilterPlace, name: string, operand: unknown, path: Path): Sql {
  at.meter.condition(path);
  const { entity } = at;
  if (name === 'and') return all(branches(at, operand, path));
  if (name === 'or') return any(branches(at, operand, path));
  if (name === 'not') return not(conditionOf(at, operand as FilterInput, path));
  const family = entity.families[name];
  if (family)
    return family.filter(operand, {
      ...at,
      path,
      given,
      compare: (target, input, here) => compare(at, target, null, input, here),
    });
  if (!(name in entity.filters)) return relationCondition(at, name, operand as FilterInput, path);
  const visible = referenceCondition(entity, at.alias, entity.aliases[name] ?? name, at.scope);
  return compare(at, targetOf(entity, at.alias, name, at.scope), visible, operand as FilterInput, path);
}

function branches(at: FilterPlace, operands: unknown, path: Path): Sql[] {
  return (operands as FilterInput[]).map((operand, index) => conditionOf(at, operand, [...path, index]));
}

function compare(at: FilterPlace, target: Target, visible: Sql | null, operators: FilterInput, path: Path): Sql {
  const conditions = given(operators, path).map(([operator, operand, here]) => {
    at.meter.condition(here);
    checkText(operand, here);
    const offered: readonly string[] = OPERATORS[target.kind];
    if (!offered.includes(operator)) throw new Error(`No operator ${operator} for ${target.kind}.`);
    return operatorCondition(target, operator as Operator, operandOf(at, target, operator, operand), visible);
  });
  return all(conditions);
}

function operandOf({ scope }: FilterPlace, { kind }: Target, operator: string, operand: unknown): unknown {
  return operator === 'isNull' ? operand : resolved(kind, operand, scope);
}

/** What was given, each with its path. @throws DomainError INVALID_INPUT for null. */
function given(input: FilterInput, path: Path): [name: string, operand: unknown, path: Path][] {
  return Object.entries(input).flatMap(([name, operand]) => {
    const here = [...path, name];
    if (operand === null) throw nullOperand(here);
    return operand === undefined ? [] : [[name, operand, here]];
  });
}

/**
 * A filter of what a relation leads to. A hop is a list or a look-up like any other: tenant, visibility and soft delete are in
 * it, so that a record the caller could not read is as if it were not there.
 */
function relationCondition(at: FilterPlace, name: string, operand: FilterInput, path: Path): Sql {
  const toOne = at.entity.toOne[name];
  if (toOne) {
    if (given(operand, path).length === 0) return all([]);
    const target = entityOf(at.scope.graph, toOne.entity);
    const same = (alias: string): Sql => sql`${column(alias, 'id')} = ${column(at.alias, toOne.key)}`;
    return related(at, target, same, (hop) => conditionOf(hop, operand, path), path, toOne.evenDeleted);
  }
  const toMany = at.entity.toMany[name];
  if (!toMany?.key) throw new Error(`${at.entity.table} declares no filter ${name}.`);
  const { entity, key } = toMany;
  const theirs = (alias: string): Sql => sql`${column(alias, key)} = ${column(at.alias, 'id')}`;
  const some = (condition: (hop: FilterPlace) => Sql, here: Path): Sql =>
    related(at, entityOf(at.scope.graph, entity), theirs, condition, here);
  const conditions = given(operand, path).map(([quantifier, filter, here]) => {
    const holds = (hop: FilterPlace): Sql => conditionOf(hop, filter as FilterInput, here);
    if (quantifier === 'some') return some(holds, here);
    if (quantifier === 'none') return not(some(holds, here));
    return not(some((hop) => not(holds(hop)), here));
  });
  return all(conditions);
}

/** That there is a row of `target` that the caller can see, belongs to this one, and meets a condition. */
function related(
  at: FilterPlace,
  target: Entity,
  belongs: (alias: string) => Sql,
  condition: (hop: FilterPlace) => Sql,
  path: Path,
  evenDeleted?: true,
): Sql {
  const hops = at.hops + 1;
  at.meter.relation(hops, path);
  const alias = `r${hops}`;
  const scoped = scopeConditions(target, alias, at.scope, evenDeleted ? 'WITH' : undefined);
  const conditions = [...scoped, belongs(alias), condition({ ...at, entity: target, alias, hops })];
  return sql`exists (select from ${viewOf(target, alias)} where ${all(conditions)})`;
}

function nullOperand(path: Path): Error {
  return invalid(path, `"${path.join('.')}" is null. Leave it out, or use isNull.`, 'NULL_OPERAND');
}

function checkText(operand: unknown, path: Path): void {
  const texts = Array.isArray(operand) ? operand : [operand];
  if (texts.some((text) => typeof text === 'string' && text.includes('\0'))) {
    throw invalid(path, `"${path.join('.')}" contains a NUL character, which no text here can.`, 'NUL_CHARACTER');
  }
}
