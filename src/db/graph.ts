import type { DB } from '../generated/kysely/tables.js';

/** How rooms declare, as data, what the page engine may read, relate, filter and order by. One `graph.ts` a room. */

/** What a field holds; `?` marks a nullable column. Decides casts, operators and the order of nulls. */
export type Kind = 'uuid' | 'text' | 'enum' | 'decimal' | 'integer' | 'boolean' | 'timestamp' | 'date' | 'tags' | 'json';
export type FieldKind = Kind | `${Kind}?`;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
type Table = keyof DB;
type FieldOf<T extends Table> = Camel<keyof DB[T] & string>;

/** `indexed`: the condition is an index condition (a test reads the plans); `scanned`: checked row by row. */
export type Access = 'indexed' | 'scanned';

/** Operators of the filter inputs. */
export type Operator = 'eq' | 'in' | 'gte' | 'lte' | 'contains' | 'hasAny' | 'isNull';

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
  /** For a whole text: `eq`, `in`. */
  whole: (typed: string) => readonly (readonly [field: string, value: string])[];
  /** For a part of one: `contains`. */
  part: (typed: string) => readonly (readonly [field: string, value: string])[];
}

/** A sort key and its direction, for example `['createdAt', 'DESC']`. */
export type OrderTerm = readonly [field: string, direction: 'ASC' | 'DESC'];

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
  /** Column that holds the tenant. */
  tenant: 'org_id' | 'id';
  softDelete: boolean;
  /**
   * Who sees a record where members see only their own (setting `visibility` OWNER): those in the fields of `own`, everybody
   * when `unowned` is null, and those who see a record that `through` leads to. Without it everybody does.
   */
  visibility?: { own: readonly string[]; unowned?: string; through?: readonly string[] };
  fields: Record<string, FieldKind>;
  /** By field, each operator of its filter input. */
  filters: Record<string, Partial<Record<Operator, Access>>>;
  /** Sort keys the schema offers; each is indexed as the leading key. */
  orders: readonly string[];
  defaultOrder: OrderTerm;
  toOne: Record<string, ToOne>;
  toMany: Record<string, ToMany>;
  /** What aggregates can be grouped by, under the name of the key; the schema's enum has the same in capitals. */
  groups: Record<string, Grouping>;
  /** The money that aggregates add up, and the field that holds its currency. */
  amount?: { value: string; currency: string };
  /** Filters whose name differs from their field's. */
  aliases: Record<string, string>;
  /** Filters whose texts are compared in forms of their own, by name. */
  forms: Record<string, TextForms>;
  /** Fields that follow from others and are written with them: no fact tells of them. */
  derived: readonly string[];
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
    toOne: {},
    toMany: {},
    groups: {},
    aliases: {},
    forms: {},
    derived: [],
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
  const declared = of.fields[field];
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
