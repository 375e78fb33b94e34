import type { FilterInput, FilterPlace } from './engine/filter.js';
import type { SortedValue } from './engine/keys.js';
import type { Target } from './engine/operators.js';
import type { Scope } from './engine/scope.js';
import type { Sql } from './engine/sql.js';

/** What declarations of entities (graph.ts) are made of. */

/** What a field holds; `?` marks a nullable column. Decides casts, operators and the order of nulls. */
export type Kind =
  'uuid' | 'text' | 'enum' | 'decimal' | 'integer' | 'boolean' | 'timestamp' | 'date' | 'tags' | 'options' | 'json';
export type FieldKind = Kind | `${Kind}?`;

const COMPARED = ['eq', 'ne', 'in', 'notIn', 'gt', 'gte', 'lt', 'lte', 'isNull'] as const;

/** Operators that the filter inputs of each kind offer. */
export const OPERATORS = {
  uuid: ['eq', 'ne', 'in', 'notIn', 'isNull'],
  text: ['eq', 'ne', 'in', 'notIn', 'contains', 'startsWith', 'isNull'],
  enum: ['eq', 'ne', 'in', 'notIn'],
  decimal: COMPARED,
  integer: COMPARED,
  boolean: ['eq'],
  timestamp: COMPARED,
  date: COMPARED,
  tags: ['hasAny', 'hasAll', 'hasNone'],
  options: ['hasAny', 'hasAll', 'hasNone', 'isNull'],
  json: [],
} as const satisfies Record<Kind, readonly string[]>;

export type Operator = (typeof OPERATORS)[Kind][number];

/** What an index on a comparable column serves. */
export const RANGE = ['eq', 'in', 'gt', 'gte', 'lt', 'lte'] as const satisfies readonly Operator[];

/** A relation to at most one row of `entity`, whose id is in this entity's field `key`. */
export interface ToOne {
  entity: string;
  key: string;
  /** Also when the other row was deleted; only for relations the schema calls non-null. */
  evenDeleted?: true;
}

/** A relation to many rows of `entity`, whose field `key` holds this entity's id; null: all rows of the organization. */
export interface ToMany {
  entity: string;
  key: string | null;
  /** Instead of the entity's own default. */
  defaultOrder?: OrderTerm;
}

/**
 * How a filter compares a text that can be written in several ways. Each way that the stored value may have is a field and what it
 * would hold; one of them is enough.
 */
export interface TextForms {
  /** All fields that may be compared. */
  fields: readonly string[];
  /** For a whole text: `eq`, `in` and their complements. */
  whole: (typed: string) => readonly (readonly [field: string, value: string])[];
  /** For a part of one: `contains`, `startsWith`. */
  part: (typed: string) => readonly (readonly [field: string, value: string])[];
}

/**
 * A value that no column holds, of the row under an alias: how long a deal is in its stage, for example. Written in src/db,
 * because rooms write no SQL. Named in `expressions`, it can be named in `filters` and `orders` like a field.
 */
export interface Expression {
  kind: FieldKind;
  /** The field it is made of: whose index serves it, where `filters` says that one does. */
  of?: string;
  sql: (alias: string, scope: Scope) => Sql;
}

/**
 * Fields that organizations define themselves: one input of filter and order stands for all of them, and the SQL follows from
 * what is asked. Written in src/db; an entity names it in `families`, under the name of that input.
 *
 * - `filter` answers the condition of an operand of the filter input. `at.given` reads an input, and `at.compare` applies the operators
 *   of an input of `OPERATORS[kind]` to any expression, with everything filters promise: null operands refused, limits counted,
 *   complements exact. Make casts of jsonb total (`case jsonb_typeof(…)`): another row's value may be of another type.
 *
 * - `order` answers the value that an operand of the order input sorts by, its direction, and whether it is bounded.
 *
 * What must be part of the statement's text to meet an index (the key of an indexed expression) is spliced with `sql.lit`
 * after it was checked: a bound value meets no index once PostgreSQL plans generically.
 */
export interface Family {
  filter: (operand: unknown, at: FamilyPlace) => Sql;
  /** Without it nothing is ordered by it, and the order input does not have it. */
  order?: (operand: unknown, path: (string | number)[], scope: Scope) => SortedValue;
}

/** Where in a filter a family's operand stands. */
export interface FamilyPlace extends FilterPlace {
  path: (string | number)[];
  /** What an input names, each with its path. @throws DomainError INVALID_INPUT for null. */
  given: (input: FilterInput, path: (string | number)[]) => [name: string, operand: unknown, path: (string | number)[]][];
  compare: (target: Target, operators: FilterInput, path: (string | number)[]) => Sql;
}

/** JSON text of a computed field; null where it is null. */
export type WrittenField = (read: (field: string) => Sql) => Sql;

/** A sort key and its direction, for example `['createdAt', 'DESC']`. */
export type OrderTerm = readonly [field: string, direction: 'ASC' | 'DESC'];

/** Copies of custom values to sort by (src/db/custom-fields.ts), as fields that only the writer knows. */
export const SLOT_FIELDS = [
  'customTextA',
  'customTextB',
  'customTextC',
  'customNumberA',
  'customNumberB',
  'customNumberC',
  'customDateA',
  'customDateB',
] as const;

/** How a row gets its key in an aggregate. */
export type Grouping =
  /** The value of a field. */
  | { by: 'value'; field: string }
  /** The month of a moment or date, in the time zone of the viewer; where the field is null, of the field `otherwise`. */
  | { by: 'month'; field: string; otherwise?: string }
  /** The record that a to-one relation leads to; one that reads null is none. */
  | { by: 'record'; relation: string }
  /** Each item of a list: a row counts once for each of them. */
  | { by: 'items'; field: string };
