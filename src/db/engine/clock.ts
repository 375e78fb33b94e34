import { sql } from 'kysely';
import type { Expression } from '../graph.js';
import type { Scope } from './scope.js';
import { column, type Sql } from './sql.js';

/** Whole seconds from the moment in a field to now, as the field of that name answers them. */
export function elapsedSince(field: string): Expression {
  return {
    kind: 'integer',
    of: field,
    sql: (alias, scope) => sql`greatest(0, floor(extract(epoch from ${now(scope)} - ${column(alias, field)})))`,
  };
}

/** Whether the moment in a field has come; false where there is none. */
export function hasCome(field: string): Expression {
  return { kind: 'boolean', of: field, sql: (alias, scope) => come(field, alias, scope) };
}

/** The moment in a field once it has come. */
export function onceCome(field: string): Expression {
  return {
    kind: 'timestamp?',
    of: field,
    sql: (alias, scope) => sql`case when ${come(field, alias, scope)} then ${column(alias, field)} end`,
  };
}

function come(field: string, alias: string, scope: Scope): Sql {
  const moment = column(alias, field);
  return sql`(${moment} is not null and ${moment} <= ${now(scope)})`;
}

function now({ now: moment }: Scope): Sql {
  return sql`${moment}::timestamptz`;
}
