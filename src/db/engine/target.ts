import { sql } from 'kysely';
import { kindOf, type Entity } from '../graph.js';
import type { Target } from './operators.js';
import type { Scope } from './scope.js';
import { column, type Sql } from './sql.js';

/** What a filter compares: a column of the row `alias`, the forms it is stored in, or the expression of that name. */
export function targetOf(entity: Entity, alias: string, name: string, scope: Scope): Target {
  const field = entity.aliases[name] ?? name;
  const { kind } = kindOf(entity, field);
  const expression = entity.expressions[field];
  if (expression) return { kind, value: expression.sql(alias, scope) };
  const forms = entity.forms[name];
  const value = column(alias, field);
  if (forms) return { kind, value, forms: { forms, read: (other) => column(alias, other) } };
  return entity.folded.includes(name) ? { kind, value, holds: (text) => sameText(value, text) } : { kind, value };
}

/** PostgreSQL looks up what is equal in a trigram index too: https://www.postgresql.org/docs/current/pgtrgm.html#PGTRGM-INDEX */
function sameText(value: Sql, text: unknown): Sql {
  return sql`(public.fold(${value}) = public.fold(${text}) and ${value} = ${text})`;
}
