import { sql } from 'kysely';
import { isUuid } from '../../lib/uuid.js';
import type { Kind, Operator, TextForms } from '../graph.js';
import { all, any, isExpression, not, type Sql } from './sql.js';

/** What a condition compares: a column or any other expression. */
export interface Target {
  value: Sql;
  kind: Kind;
  /** That it is a value, or of a list that it holds one, as an index answers it; without it they are compared. */
  holds?: (operand: unknown) => Sql;
  /** Where a text is stored in several ways: what else is compared, and how. */
  forms?: { forms: TextForms; read: (field: string) => Sql };
}

/** Negative operators are the exact complement of a positive one: what has no value is not equal to anything. */
const COMPLEMENTS: Partial<Record<Operator, Operator>> = { ne: 'eq', notIn: 'in', hasNone: 'hasAny' };

/**
 * The SQL condition of one operator.
 *
 * @param visible that what the target refers to can be seen; null when it always is. What cannot be seen reads null.
 */
export function operatorCondition(target: Target, operator: Operator, operand: unknown, visible: Sql | null): Sql {
  const positive = COMPLEMENTS[operator];
  if (positive) return not(operatorCondition(target, positive, operand, visible));
  const condition = positiveCondition(target, operator, operand);
  if (!visible) return condition;
  return operator === 'isNull' && operand ? any([condition, sql`not ${visible}`]) : sql`(${condition} and ${visible})`;
}

function positiveCondition(target: Target, operator: Operator, operand: unknown): Sql {
  const { value, kind, forms, holds } = target;
  if (forms && operator !== 'isNull') return formsCondition(forms, operator, operand);
  if (holds && isMembership(operator)) return membership(holds, operator, [operand].flat());
  switch (operator) {
    case 'eq':
      // Written out: a condition that is compared with a parameter would not meet its index.
      if (kind === 'boolean') return sql`${value} = ${sql.lit(Boolean(operand))}`;
      return oneOf(value, kind, [operand]);
    case 'in':
      return oneOf(value, kind, operand as unknown[]);
    case 'gt':
      return sql`${value} > ${operand}`;
    case 'gte':
      return sql`${value} >= ${operand}`;
    case 'lt':
      return sql`${value} < ${operand}`;
    case 'lte':
      return sql`${value} <= ${operand}`;
    case 'contains':
      return sql`public.fold(${value}) like '%' || public.fold_pattern(${operand}) || '%'`;
    case 'startsWith':
      return sql`public.fold(${value}) like public.fold_pattern(${operand}) || '%'`;
    case 'hasAny':
      return sql`${value} && ${operand}::text[]`;
    case 'hasAll':
      return sql`${value} @> ${operand}::text[]`;
    case 'isNull':
      return operand ? sql`${value} is null` : sql`${value} is not null`;
    default:
      throw new Error(`No SQL for the operator ${operator}.`);
  }
}

const MEMBERSHIPS = ['eq', 'in', 'hasAny', 'hasAll'] as const;
type Membership = (typeof MEMBERSHIPS)[number];

function isMembership(operator: Operator): operator is Membership {
  return (MEMBERSHIPS as readonly Operator[]).includes(operator);
}

function membership(holds: NonNullable<Target['holds']>, operator: Membership, operands: unknown[]): Sql {
  const each = operands.map(holds);
  return operator === 'hasAll' ? all(each) : any(each);
}

function formsCondition({ forms, read }: NonNullable<Target['forms']>, operator: Operator, operand: unknown): Sql {
  const waysOf = operator === 'eq' || operator === 'in' ? forms.whole : forms.part;
  const ways = [operand].flat().flatMap((text) => waysOf(text as string));
  const each = operator === 'in' ? 'eq' : operator;
  return any(ways.map(([field, text]) => positiveCondition({ value: read(field), kind: 'text' }, each, text)));
}

/** An id that is no UUID is nobody's id: it matches nothing rather than being refused. */
function oneOf(value: Sql, kind: Kind, operands: unknown[]): Sql {
  const values = kind === 'uuid' ? operands.filter((operand) => isUuid(operand as string)) : operands;
  if (values.length === 0) return any([]);
  if (values.length === 1) return sql`${value} = ${values[0]}`;
  // Expressions cannot be bound; of values, one array is one statement whatever their number.
  return values.some(isExpression) ? sql`${value} in (${sql.join(values)})` : sql`${value} = any(${values})`;
}
