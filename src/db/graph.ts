import type { DB } from '../generated/kysely/tables.js';
import type { FilterInput, FilterPlace } from './engine/filter.js';
import type { SortedValue } from './engine/keys.js';
import type { Target } from './engine/operators.js';
import type { Scope } from './engine/scope.js';
import type { Sql } from './engine/sql.js';
import type { Resource } from '../scopes.js';

export { consentFamily } from './engine/consents.js';
export { addressText } from './engine/address.js';
export { elapsedSince, hasCome, onceCome } from './engine/clock.js';
export { customValues } from './engine/custom-values.js';
export { amountText, sameText } from './engine/computed-texts.js';

/** How rooms declare, as data, what the page engine may read, relate, filter and order by. One `graph.ts` a room. */

/** What a field holds; `?` marks a nullable column. Decides casts, operators and the order of nulls. */
export type Kind =
  'uuid' | 'text' | 'enum' | 'decimal' | 'integer' | 'boolean' | 'timestamp' | 'date' | 'tags' | 'options' | 'json';
export type FieldKind = Kind | `${Kind}?`;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
type Table = keyof DB;
type FieldOf<T extends Table> = Camel<keyof DB[T] & string>;

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

export interface Entity {
  /** Table, and view of the same name in the schema `read`. */
  table: string;
  /** GraphQL type. */
  type: string;
  /** Names of the root fields, single and list; absent where the schema has none. */
  root?: { one: string; many: string };
  /** Which scopes let an API key read and write it; without it no key can. */
  scope?: Resource;
  /** Column that holds the tenant. */
  tenant: 'org_id' | 'id';
  softDelete: boolean;
  /**
   * Who sees a record where members see only their own (setting `visibility` OWNER): those in the fields of `own`, everybody
   * when `unowned` is null, and those who see a record that `through` leads to. Without it everybody does.
   */
  visibility?: { own: readonly string[]; unowned?: string; through?: readonly string[] };
  fields: Record<string, FieldKind>;
  /** Fields that can be written and never read; no fact tells what they hold. */
  secrets: readonly string[];
  /**
   * Filters the schema offers, each with the operators whose condition is an index condition (a test reads the plans). All
   * other operators of the field's kind (`OPERATORS`) are offered too, and are checked row by row.
   */
  filters: Record<string, readonly Operator[]>;
  expressions: Record<string, Expression>;
  families: Record<string, Family>;
  /** Sort keys the schema offers that are indexed as the leading key (a test reads the plans). */
  orders: readonly string[];
  /** Sort keys that no index walks: a list of more than 10,000 rows refuses them. Those of to-one relations are offered besides. */
  bounded: readonly string[];
  /**
   * Sort keys that are another one of `orders` by another name: what is read against now, such as an age, moves between two pages,
   * and the moment behind it does not.
   */
  stands: Record<string, { for: string; reversed?: true }>;
  defaultOrder: OrderTerm;
  toOne: Record<string, ToOne>;
  toMany: Record<string, ToMany>;
  /** What aggregates can be grouped by, under the name of the key; the schema's enum has the same in capitals. */
  groups: Record<string, Grouping>;
  /**
   * The money that aggregates add up, the field that holds its currency, and the moment whose exchange rate counts (today's
   * while it is null).
   */
  amount?: { value: string; currency: string; closed: string };
  /** Filters whose name differs from their field's. */
  aliases: Record<string, string>;
  /** Filters whose texts are compared in forms of their own, by name. */
  forms: Record<string, TextForms>;
  /**
   * Texts whose only index is on the folded text. Texts that are equal are equal folded, so that is where `eq` and `in` look them up.
   */
  folded: readonly string[];
  /**
   * Fields of the schema that a resolver computes, each with all fields of the row that it looks at: so look-ahead need not read the
   * others. What is missing here is given the whole row.
   */
  looksAt: Record<string, readonly string[]>;
  /**
   * How PostgreSQL writes fields of the schema that a resolver computes, as JSON text, from the fields that `looksAt` names: exactly what the
   * resolver answers. Written in src/db.
   */
  written: Record<string, WrittenField>;
  /** Fields that follow from others and are written with them: no fact tells of them. */
  derived: readonly string[];
  /** The field that holds the contact its rows are about: erasing that person erases them whole, and exporting takes them along. */
  about?: string;
  /** Table that keeps these fields as they are after each change, with `key` as the column of this entity's id. */
  history?: { table: string; key: string; fields: readonly string[] };
}

type Declaration<T extends Table> = Partial<Omit<Entity, 'table' | 'fields' | 'type' | 'defaultOrder'>> & {
  table: T;
  type: string;
  defaultOrder: OrderTerm;
  fields: { [F in FieldOf<T>]?: FieldKind };
};

/** Declares an entity; its row type is `Row<typeof theDeclaration>`. */
export function entity<const D extends Declaration<T>, T extends Table>(declaration: D & { table: T }): Entity & D {
  return {
    tenant: 'org_id',
    softDelete: true,
    filters: {},
    orders: [],
    bounded: [],
    stands: {},
    toOne: {},
    toMany: {},
    secrets: [],
    groups: {},
    aliases: {},
    forms: {},
    folded: [],
    derived: [],
    looksAt: {},
    written: {},
    expressions: {},
    families: {},
    ...declaration,
  } as unknown as Entity & D;
}

interface Values {
  uuid: string;
  text: string;
  decimal: string;
  integer: number;
  boolean: boolean;
  timestamp: string;
  date: string;
  tags: string[];
  options: string[];
  json: unknown;
}
type Snake<S extends string> = S extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Tail>}`
  : S;
type EnumOf<T, F> = T extends Table ? (F extends string ? DB[T][Snake<F> & keyof DB[T]] : never) : never;
type Unwrap<V> = V extends { __select__: infer S } ? S : V;
type ValueOf<T, F, K> = K extends `${infer Base}?`
  ? ValueOf<T, F, Base> | null
  : K extends 'enum'
    ? Unwrap<EnumOf<T, F>>
    : K extends keyof Values
      ? Values[K]
      : never;

/** The row the engine reads for a declared entity: GraphQL field names, values as the API answers them. */
export type Row<D extends { table: string; fields: object }> = {
  [F in keyof D['fields']]: ValueOf<D['table'], F, D['fields'][F]>;
};

/** All entities by table name. */
export type Graph = ReadonlyMap<string, Entity>;

/** The column of a field. */
export function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A field's kind without its null mark. @throws Error for a field that was not declared: a fault in a graph.ts. */
export function kindOf(of: Entity, field: string): { kind: Kind; nullable: boolean } {
  const declared = of.expressions[field]?.kind ?? of.fields[field];
  if (!declared) throw new Error(`${of.table} declares no field ${field}.`);
  const nullable = declared.endsWith('?');
  return { kind: (nullable ? declared.slice(0, -1) : declared) as Kind, nullable };
}

/** An entity by its table. @throws Error for a name that was not declared. */
export function entityOf(graph: Graph, table: string): Entity {
  const found = graph.get(table);
  if (!found) throw new Error(`No room declares ${table}.`);
  return found;
}
