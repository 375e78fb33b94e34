import type { DB } from '../generated/kysely/tables.js';
import type { Resource } from '../scopes.js';
import type {
  Expression,
  Family,
  FieldKind,
  Grouping,
  Kind,
  Operator,
  OrderTerm,
  TextForms,
  ToMany,
  ToOne,
  WrittenField,
} from './graph-parts.js';

export * from './graph-parts.js';
export { consentFamily } from './engine/consents.js';
export { addressText } from './engine/address.js';
export { elapsedSince, hasCome, onceCome } from './engine/clock.js';
export { customValues } from './engine/custom-values.js';
export { amountText, nameText, sameText } from './engine/computed-texts.js';

/** How rooms declare, as data, what the page engine may read, relate, filter and order by. One `graph.ts` a room. */

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
type Table = keyof DB;
type FieldOf<T extends Table> = Camel<keyof DB[T] & string>;

export interface Entity {
  /** Table, and view of the same name in the schema `read`. */
  table: string;
  /** GraphQL type. */
  type: string;
  /** Names of the root fields, single and list; absent where the schema has none. */
  root?: { one: string; many: string };
  /** Field of the type `<type>Payload` that shows the record after a change. */
  payload?: string;
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
