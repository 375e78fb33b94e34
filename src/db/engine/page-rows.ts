import { sql } from 'kysely';
import type { SortKey } from './keys.js';
import { listConditions, ROW, type PageList } from './list.js';
import { beyond, branchesOf, orderList, reversed, type Branch, type Position, type Read } from './order.js';
import { all, any, selectList, viewOf, type Sql } from './sql.js';
import type { Window } from './window.js';

/** Where the rows of a page come from. */
export interface Source {
  from: Sql;
  /** What is shown of a row. */
  columns: Sql;
  conditions: Sql[];
  read: Read;
}

/** The list's view. */
export function viewSource(list: PageList): Source {
  const { entity, scope, alias = ROW } = list;
  const read: Read = (key) => key.sql(alias, scope);
  return { from: viewOf(entity, alias), columns: rowColumns(list), conditions: listConditions(list), read };
}

/** A list that the statement has read before, as `listed`. */
export function listedSource(): Source {
  return { from: sql`listed`, columns: sql`listed.*`, conditions: [], read: (key) => sql.id('listed', key.name) };
}

/** What is shown of a row, and the sort keys that are not: branches are put in order by them. */
export function rowColumns({ entity, scope, window, alias = ROW, selected }: PageList): Sql {
  const shown = new Set(selected?.fields ?? Object.keys(entity.fields));
  const keys = window.keys.filter(({ name }) => !shown.has(name));
  const along = selected?.along ?? [];
  return sql.join([
    selectList(entity, alias, selected?.fields),
    ...keys.map((key) => sql`${key.sql(alias, scope)} as ${sql.id(key.name)}`),
    ...along.map((value, place) => sql`${value} as ${sql.id(`$${place}`)}`),
  ]);
}

/** The rows of a page, and whether there are more. */
export function pageOf(list: PageList, source: Source): Sql {
  return sql`${neighbours(list, source)}, page.*`;
}

/** Whether rows lie before where the page starts, and behind where it ends. */
export function neighbours({ window }: PageList, source: Source): Sql {
  const { reading, start, end } = readingOf(window);
  return sql`${exists(source, reversed(reading), start)} as "$preceding", ${exists(source, reading, end)} as "$following"`;
}

/** The order as it is read, and the positions it starts and ends at. */
function readingOf({ keys, backward, before, after }: Window): {
  reading: readonly SortKey[];
  start: Position | null;
  end: Position | null;
} {
  return backward ? { reading: reversed(keys), start: before, end: after } : { reading: keys, start: after, end: before };
}

/** The rows of a page in order; one more than it asks for when more follow. */
export function pageRows(list: PageList, source: Source): Sql {
  const { reading, start, end } = readingOf(list.window);
  const limit = sql.lit(list.window.size + 1);
  const branches = branchesOf(reading, source.read).flatMap((branch, index) => {
    const within = withinBounds(reading, start, end, branch, source.read);
    return within ? [branchRows(source, reading, index, [...branch.conditions, ...within], limit)] : [];
  });
  if (branches.length === 1 && branches[0]) return branches[0];
  if (branches.length === 0) return branchRows(source, reading, 0, [any([])], limit);
  const read: Read = (key) => sql.id('branch', key.name);
  return sql`
    select * from (${sql.join(
      branches.map((rows) => sql`(${rows})`),
      sql` union all `,
    )}) as branch
    order by branch."$branch", ${orderList(reading, read)} limit ${limit}`;
}

function branchRows(source: Source, reading: readonly SortKey[], index: number, conditions: Sql[], limit: Sql): Sql {
  return sql`
    select ${source.columns}, ${sql.lit(index)} as "$branch"
    from ${source.from}
    where ${all([...source.conditions, ...conditions])}
    order by ${orderList(reading, source.read)}
    limit ${limit}`;
}

/** Conditions that keep a branch between both positions; null when it has no rows there. */
function withinBounds(
  reading: readonly SortKey[],
  start: Position | null,
  end: Position | null,
  branch: Branch,
  read: Read,
): Sql[] | null {
  const bounds = [
    start ? beyond(reading, start, branch, read, false) : null,
    end ? beyond(reversed(reading), end, branch, read, false) : null,
  ];
  if (bounds.includes(false)) return null;
  return bounds.filter((bound): bound is Sql => bound !== null && bound !== false);
}

/**
 * Whether the list has a row at a position or beyond it; never without a position. Asks for the nearest one in order rather
 * than with EXISTS, which forgets the order and may well read other tenants' rows one by one until it meets a match.
 */
function exists({ from, conditions, read }: Source, keys: readonly SortKey[], at: Position | null): Sql {
  if (!at) return sql`false`;
  const found = branchesOf(keys, read).flatMap((branch) => {
    const bound = beyond(keys, at, branch, read, true);
    if (bound === false) return [];
    const within = [...conditions, ...branch.conditions, ...(bound ? [bound] : [])];
    return [sql`(select true from ${from} where ${all(within)} order by ${orderList(keys, read)} limit 1) is not null`];
  });
  return any(found);
}
