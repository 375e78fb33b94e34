import { sql } from 'kysely';
import type { SortKey } from './keys.js';
import { all, any, type Opening, type Sql } from './sql.js';

/** Values of a row at the sort keys, as PostgreSQL prints them; the last is its id. */
export type KeyValues = readonly (string | number | boolean | null)[];

/** A place in an order; its values may come with each request. */
export type Position = readonly (KeyValues[number] | Opening)[];

/** The same order read from its end. */
export function reversed(keys: readonly SortKey[]): SortKey[] {
  return keys.map((key) => ({ ...key, descending: !key.descending, nullsFirst: !key.nullsFirst }));
}

/** What identifies an order in a cursor. */
export function orderSignature(keys: readonly SortKey[]): string {
  return keys.map((key) => `${key.name}${key.descending ? '-' : '+'}${key.nullsFirst ? '^' : ''}`).join(',');
}

/** How a source of rows has the value of a key. */
export type Read = (key: SortKey) => Sql;

/** ORDER BY list. */
export function orderList(keys: readonly SortKey[], read: Read): Sql {
  return sql.join(
    keys.map((key, index) => {
      const direction = key.descending ? sql`desc` : sql`asc`;
      // Inside a branch the leading key is never mixed with null; saying more would keep its index from being used.
      const nulls = key.nullable && index > 0 ? (key.nullsFirst ? sql` nulls first` : sql` nulls last`) : sql``;
      return sql`${read(key)} ${direction}${nulls}`;
    }),
  );
}

/** Rows whose leading key is a value, and rows where it is null, are two index ranges: one statement branch each. */
export interface Branch {
  nulls: boolean;
  conditions: Sql[];
}

/** The branches of an order, in order; a leading key that cannot be null has one. */
export function branchesOf(keys: readonly SortKey[], read: Read): Branch[] {
  const [first] = keys;
  if (!first?.nullable) return [{ nulls: false, conditions: [] }];
  const target = read(first);
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
  at: Position,
  branch: Branch,
  read: Read,
  inclusive: boolean,
): Sql | null | false {
  const [first, ...rest] = keys;
  if (!first) return null;
  const start = at[0];
  if (start === null || start === undefined) {
    if (branch.nulls) return after(rest, at.slice(1), read, inclusive);
    return first.nullsFirst ? null : false;
  }
  if (branch.nulls) return first.nullsFirst ? false : null;
  if (keys.length === 1) return after(keys, at, read, inclusive);
  const target = read(first);
  const [second] = rest;
  if (second && keys.length === 2) {
    return sql`(${target}, ${read(second)}) ${comparison(first, inclusive)} (${start}, ${at[1]})`;
  }
  return all([
    sql`${target} ${comparison(first, true)} ${start}`,
    after([{ ...first, nullable: false }, ...rest], at, read, inclusive),
  ]);
}

/** Lexicographic comparison of the remaining keys, null-aware. */
function after(keys: readonly SortKey[], at: Position, read: Read, inclusive: boolean): Sql {
  const [key, ...rest] = keys;
  if (!key) return sql`${inclusive}::boolean`;
  const target = read(key);
  const value = at[0];
  if (rest.length === 0) return sql`${target} ${comparison(key, inclusive)} ${value}`;
  const ties = after(rest, at.slice(1), read, inclusive);
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
