import { kindOf, type Entity } from '../graph.js';
import type { Target } from './operators.js';
import type { Scope } from './scope.js';
import { column } from './sql.js';

/** What a filter compares: a column of the row `alias`, the forms it is stored in, or the expression of that name. */
export function targetOf(entity: Entity, alias: string, name: string, scope: Scope): Target {
  const field = entity.aliases[name] ?? name;
  const { kind } = kindOf(entity, field);
  const expression = entity.expressions[field];
  if (expression) return { kind, value: expression.sql(alias, scope) };
  const forms = entity.forms[name];
  const value = column(alias, field);
  return forms ? { kind, value, forms: { forms, read: (other) => column(alias, other) } } : { kind, value };
}
