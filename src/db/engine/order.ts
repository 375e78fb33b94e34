import { sql } from 'kysely';
import { invalid } from '../../errors.js';
import { kindOf, type Entity, type OrderTerm } from '../graph.js';
import { all, any, column, type Sql } from './sql.js';

/** SDL enum Sort. */
export type SortValue = 'ASC' | 'DESC' | 'ASC_NULLS_FIRST' | 'ASC_NULLS_LAST' | 'DESC_NULLS_FIRST' | 'DESC_NULLS_LAST';

/** An item of `orderBy`: a @oneOf input. */
export type OrderInput = Readonly<Record<string, SortValue | null | undefined>>;

/** One sort key. The last key of every order is the id, in the direction of the first key. */
export interface SortKey {
  field: string;
  nullable: boolean;
  descending: boolean;
  nullsFirst: boolean;
}

/** Values of a row at the sort keys, as PostgreSQL prints them; the last is its id. */
export type KeyValues = readonly (string | number | boolean | null)[];

const MOST_KEYS = 5;

/** The sort keys of a request; a field named twice counts once. @throws DomainError INVALID_INPUT for more than five. */
export function sortKeys(entity: Entity, orderBy: readonly OrderInput[], fallback: OrderTerm): SortKey[] {
  if (orderBy.length > MOST_KEYS) throw invalid(['orderBy'], `Order by at most ${MOST_KEYS} fields.`, 'TOO_MANY');
  const keys = new Map<string, SortKey>();
  for (const [field, sort] of orderBy.length === 0 ? [fallback] : orderBy.map(termOf)) {
    if (!keys.has(field)) keys.set(field, sortKey(entity, field, sort));
  }
  const [first] = keys.values();
  return [...keys.values(), { field: 'id', nullable: false, nullsFirst: false, descending: first?.descending ?? false }];
}

/** The same order read from its end. */
export function reversed(keys: readonly SortKey[]): SortKey[] {
  return keys.map((key) => ({ ...key, descending: !key.descending, nullsFirst: !key.nullsFirst }));
}

/** What identifies an order in a cursor. */
export function orderSignature(keys: readonly SortKey[]): string {
  return keys.map((key) => `${key.field}${key.descending ? '-' : '+'}${key.nullsFirst ? '^' : ''}`).join(',');
}

/** ORDER BY list; the columns come from `read`, by field. */
export function orderList(keys: readonly SortKey[], read: (field: string) => Sql): Sql {
  return sql.join(
    keys.map((key, index) => {
      const direction = key.descending ? sql`desc` : sql`asc`;
      // Inside a branch the leading key is never mixed with null; saying more would keep its index from being used.
      const nulls = key.nullable && index > 0 ? (key.nullsFirst ? sql` nulls first` : sql` nulls last`) : sql``;
      return sql`${read(key.field)} ${direction}${nulls}`;
    }),
  );
}

/** Rows whose leading key is a value, and rows where it is null, are two index ranges: one statement branch each. */
export interface Branch {
  nulls: boolean;
  conditions: Sql[];
}

/** The branches of an order, in order; a leading key that cannot be null has one. */
export function branchesOf(keys: readonly SortKey[], alias: string): Branch[] {
  const [first] = keys;
  if (!first?.nullable) return [{ nulls: false, conditions: [] }];
  const target = column(alias, first.field);
  const values = { nulls: false, conditions: [sql`${target} is not null`] };
  const nulls = { nulls: true, conditions: [sql`${target} is null`] };
  return first.nullsFirst ? [nulls, values] : [values, nulls];
}

/**
 * The condition that a row of `branch` lies beyond a position: null when all do, false when none does.
 *
 * Row comparison rather than `a > x or (a = x and …)`: PostgreSQL can start the index scan at the position instead of
 * reading up to it (https://www.postgresql.org/docs/current/functions-comparisons.html, row-wise comparison;
 * https://use-the-index-luke.com/no-offset).
 */
export function beyond(
  keys: readonly SortKey[],
  at: KeyValues,
  branch: Branch,
  alias: string,
  inclusive: boolean,
): Sql | null | false {
  const [first, ...rest] = keys;
  if (!first) return null;
  const start = at[0];
  if (start === null || start === undefined) {
    if (branch.nulls) return after(rest, at.slice(1), alias, inclusive);
    return first.nullsFirst ? null : false;
  }
  if (branch.nulls) return first.nullsFirst ? false : null;
  if (keys.length === 1) return after(keys, at, alias, inclusive);
  const target = column(alias, first.field);
  if (keys.length === 2) {
    return sql`(${target}, ${column(alias, 'id')}) ${comparison(first, inclusive)} (${start}, ${at[1]})`;
  }
  return all([
    sql`${target} ${comparison(first, true)} ${start}`,
    after([{ ...first, nullable: false }, ...rest], at, alias, inclusive),
  ]);
}

/** Lexicographic comparison of the remaining keys, null-aware. */
function after(keys: readonly SortKey[], at: KeyValues, alias: string, inclusive: boolean): Sql {
  const [key, ...rest] = keys;
  if (!key) return sql`${inclusive}::boolean`;
  const target = column(alias, key.field);
  const value = at[0];
  if (rest.length === 0) return sql`${target} ${comparison(key, inclusive)} ${value}`;
  const ties = after(rest, at.slice(1), alias, inclusive);
  if (value === null || value === undefined) {
    const later = all([sql`${target} is null`, ties]);
    return key.nullsFirst ? any([sql`${target} is not null`, later]) : later;
  }
  const later = [sql`${target} ${comparison(key, false)} ${value}`, all([sql`${target} = ${value}`, ties])];
  return any(key.nullable && !key.nullsFirst ? [...later, sql`${target} is null`] : later);
}

function comparison(key: SortKey, inclusive: boolean): Sql {
  if (key.descending) return inclusive ? sql`<=` : sql`<`;
  return inclusive ? sql`>=` : sql`>`;
}

function termOf(input: OrderInput, index: number): [string, SortValue] {
  const [term] = Object.entries(input).filter(([, sort]) => sort !== undefined);
  if (!term?.[1]) throw invalid(['orderBy', index], 'Name one field and its direction.', 'REQUIRED');
  return [term[0], term[1]];
}

function sortKey(entity: Entity, field: string, sort: SortValue): SortKey {
  if (!entity.orders.includes(field)) throw new Error(`${entity.table} declares no order ${field}.`);
  const { nullable } = kindOf(entity, field);
  return { field, nullable, descending: sort.startsWith('DESC'), nullsFirst: nullable && sort.endsWith('NULLS_FIRST') };
}
