import { sql } from 'kysely';
import { invalid, type FieldError } from '../../errors.js';
import { isUuid } from '../../lib/uuid.js';
import { referenceCondition, type Scope } from './scope.js';
import { kindOf, type Entity, type Kind, type TextForms } from '../graph.js';
import { all, any, column, type Sql } from './sql.js';

type Path = FieldError['path'];

/** A filter input as GraphQL coerced it: fields with their conditions, and `and`, `or`, `not`. */
export type FilterInput = Readonly<Record<string, unknown>>;

/**
 * The SQL condition of a filter. Two-valued: what is not known to hold does not hold, so `not` is the exact complement.
 *
 * @throws DomainError INVALID_INPUT for a null operand or a text PostgreSQL cannot hold.
 */
export function filterCondition(entity: Entity, alias: string, filter: FilterInput, scope: Scope, path: Path = ['filter']): Sql {
  const conditions = Object.entries(filter).map(([name, operand]) => {
    const here = [...path, name];
    if (operand === undefined) return all([]);
    if (operand === null) throw nullOperand(here);
    if (name === 'and') return all(branches(entity, alias, operand, scope, here));
    if (name === 'or') return any(branches(entity, alias, operand, scope, here));
    if (name === 'not') return sql`${filterCondition(entity, alias, operand as FilterInput, scope, here)} is not true`;
    return fieldCondition(entity, alias, name, operand as FilterInput, scope, here);
  });
  return all(conditions);
}

function branches(entity: Entity, alias: string, operands: unknown, scope: Scope, path: Path): Sql[] {
  return (operands as FilterInput[]).map((operand, index) => filterCondition(entity, alias, operand, scope, [...path, index]));
}

function fieldCondition(entity: Entity, alias: string, name: string, operators: FilterInput, scope: Scope, path: Path): Sql {
  const field = entity.aliases[name] ?? name;
  if (!(name in entity.filters)) throw new Error(`${entity.table} declares no filter ${name}.`);
  const { kind } = kindOf(entity, field);
  const target = column(alias, field);
  const conditions = Object.entries(operators).map(([operator, operand]) => {
    const here = [...path, operator];
    if (operand === undefined) return all([]);
    if (operand === null) throw nullOperand(here);
    checkText(operand, here);
    const forms = operator === 'isNull' ? undefined : entity.forms[name];
    const condition = forms
      ? formsCondition(alias, forms, operator, operand)
      : operatorCondition(target, kind, operator, operand);
    const reachable = referenceCondition(entity, alias, field, scope);
    if (!reachable) return condition;
    return operator === 'isNull' && operand ? any([condition, sql`not ${reachable}`]) : all([condition, reachable]);
  });
  return all(conditions);
}

/** A text that is stored in one of several forms. */
function formsCondition(alias: string, forms: TextForms, operator: string, operand: unknown): Sql {
  const formsOf = operator === 'eq' || operator === 'in' ? forms.whole : forms.part;
  const ways = [operand].flat().flatMap((text) => formsOf(text as string));
  return any(
    ways.map(([field, value]) => operatorCondition(column(alias, field), 'text', operator === 'in' ? 'eq' : operator, value)),
  );
}

function operatorCondition(target: Sql, kind: Kind, operator: string, operand: unknown): Sql {
  switch (operator) {
    case 'eq':
      return oneOf(target, kind, [operand]);
    case 'in':
      return oneOf(target, kind, operand as unknown[]);
    case 'gte':
      return sql`${target} >= ${operand}`;
    case 'lte':
      return sql`${target} <= ${operand}`;
    case 'contains':
      return sql`${target} ilike ${`%${escapePattern(operand as string)}%`}`;
    case 'hasAny':
      return sql`${target} && ${operand}::text[]`;
    case 'isNull':
      return operand ? sql`${target} is null` : sql`${target} is not null`;
    default:
      throw new Error(`No SQL for the operator ${operator}.`);
  }
}

/** An id that is no UUID is nobody's id: it matches nothing rather than being refused. */
function oneOf(target: Sql, kind: Kind, operands: unknown[]): Sql {
  const values = kind === 'uuid' ? operands.filter((operand) => isUuid(operand as string)) : operands;
  if (values.length === 0) return any([]);
  return values.length === 1 ? sql`${target} = ${values[0]}` : sql`${target} = any(${values})`;
}

function escapePattern(text: string): string {
  return text.replace(/[\\%_]/g, (character) => `\\${character}`);
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
