import { sql } from 'kysely';
import type { Entity } from '../graph.js';
import { filterCondition } from './filter.js';
import type { SortKey } from './keys.js';
import { MOST_BOUNDED_ROWS } from './limits.js';
import { beyond, branchesOf, orderList, reversed, type Branch, type KeyValues, type Read } from './order.js';
import { scopeConditions, type Scope } from './scope.js';
import { all, any, column, compile, selectList, viewOf, type Opening, type Sql, type Statement } from './sql.js';
import type { Window } from './window.js';

/** Rows of several parents in one statement; null: a list of the whole organization. */
export interface Parents {
  /** Field of the listed entity that holds the parent's id. */
  key: string;
  ids: readonly string[] | Opening;
}

/** A row as the statement answers it: the entity's fields, and what the engine adds. */
export type PageRow = Record<string, unknown> & {
  $parent: string | null;
  $preceding: boolean;
  $following: boolean;
  /** That the list is too long for its order. */
  $excess?: boolean;
};

const ROW = 't';

/** What is read of each row: its fields, and values that the look-ahead brings along as `$0`, `$1`, …. */
export interface Selected {
  fields: readonly string[];
  along: readonly Sql[];
}

/**
 * One page for each parent, in one statement. For a parent without rows it answers one row whose id is null. A page has
 * one row more than asked for when more follow in the direction of reading; `$preceding` tells of rows before where it
 * starts, `$following` of rows behind where it had to end.
 */
export function pageStatement(entity: Entity, window: Window, scope: Scope, parents: Parents | null): Statement {
  const list = { entity, scope, window, parents };
  if (isBounded(window)) return boundedStatement(list);
  return compile(sql`
    select parent.id as "$parent", ${pageOf(list, viewSource(list))}
    from ${parentsTable(parents)}
    left join lateral (${pageRows(list, viewSource(list))}) as page on true`);
}

/** The same with the rows of each page as one JSON value, `$rows`, which look-ahead writes (engine/ahead.ts). */
export function pageAheadStatement(list: PageList, rows: Sql): Statement {
  return compile(sql`
    select parent.id as "$parent", ${neighbours(list, viewSource(list))}, ${rows} as "$rows"
    from ${parentsTable(list.parents)}`);
}

/** The same with the rows of each page as one text, and what else is selected of all of them. */
export function pageTextStatement(list: PageList, rows: Sql): Statement {
  return compile(sql`
    select parent.id as "$parent", ${neighbours(list, viewSource(list))}, list.*
    from ${parentsTable(list.parents)}
    cross join lateral (${rows}) as list`);
}

/** Whether the order has a key that no index walks. */
export function isBounded({ keys }: Pick<Window, 'keys'>): boolean {
  return keys.some((key) => key.bounded);
}

/**
 * An order that no index walks: the list is read once, up to one row more than may be sorted, with its keys beside it. Of a list
 * that is longer it tells so in `$excess` and sorts nothing.
 */
function boundedStatement(list: PageList): Statement {
  const source = listedSource();
  return compile(sql`
    select parent.id as "$parent", list.*
    from ${parentsTable(list.parents)}
    cross join lateral (
      with listed as materialized (
        select ${rowColumns(list)} from ${viewOf(list.entity, ROW)}
        where ${all(listConditions(list))} limit ${sql.lit(MOST_BOUNDED_ROWS + 1)}
      ), size as (select count(*) > ${sql.lit(MOST_BOUNDED_ROWS)} as "$excess" from listed)
      select size.*, ${pageOf(list, source)} from size left join lateral (${pageRows(list, source)}) as page on not size."$excess"
    ) as list`);
}

/** Where the rows of a page come from. */
interface Source {
  from: Sql;
  /** What is shown of a row. */
  columns: Sql;
  conditions: Sql[];
  read: Read;
}

function viewSource(list: PageList): Source {
  const { entity, scope, alias = ROW } = list;
  const read: Read = (key) => key.sql(alias, scope);
  return { from: viewOf(entity, alias), columns: rowColumns(list), conditions: listConditions(list), read };
}

function listedSource(): Source {
  return { from: sql`listed`, columns: sql`listed.*`, conditions: [], read: (key) => sql.id('listed', key.name) };
}

/** What is shown of a row, and the sort keys that are not: branches are put in order by them. */
function rowColumns({ entity, scope, window, alias = ROW, selected }: PageList): Sql {
  const shown = new Set(selected?.fields ?? Object.keys(entity.fields));
  const keys = window.keys.filter(({ name }) => !shown.has(name));
  const along = selected?.along ?? [];
  return sql.join([
    selectList(entity, alias, selected?.fields),
    ...keys.map((key) => sql`${key.sql(alias, scope)} as ${sql.id(key.name)}`),
    ...along.map((value, place) => sql`${value} as ${sql.id(`$${place}`)}`),
  ]);
}

function pageOf(list: PageList, source: Source): Sql {
  return sql`${neighbours(list, source)}, page.*`;
}

/** Whether rows lie before where the page starts, and behind where it ends. */
function neighbours({ window }: PageList, source: Source): Sql {
  const { reading, start, end } = readingOf(window);
  return sql`${exists(source, reversed(reading), start)} as "$preceding", ${exists(source, reading, end)} as "$following"`;
}

/** The order as it is read, and the positions it starts and ends at. */
function readingOf({ keys, backward, before, after }: Window): {
  reading: readonly SortKey[];
  start: KeyValues | null;
  end: KeyValues | null;
} {
  return backward ? { reading: reversed(keys), start: before, end: after } : { reading: keys, start: after, end: before };
}

/** How many rows the list of each parent has. */
export function countStatement(entity: Entity, window: Window, scope: Scope, parents: Parents | null): Statement {
  const list = { entity, scope, window, parents };
  return compile(sql`
    select parent.id as "$parent",
           (select count(*)::int from ${viewOf(entity, ROW)} where ${all(listConditions(list))}) as "count"
    from ${parentsTable(parents)}`);
}

/** A list before paging. */
export interface List {
  entity: Entity;
  scope: Scope;
  window: Pick<Window, 'filter' | 'deleted' | 'size'>;
  parents: Parents | null;
  /** What the listed row is called in the statement. */
  alias?: string;
  /** The parent's id, where it stands elsewhere than in the table of parents. */
  parentId?: Sql;
}

/** The first rows of a list, for a statement that reads more than them; one more than the window asks for when more follow. */
export function nestedRows(list: Nested): Sql {
  return pageRows(list, viewSource(list));
}

/** A list whose rows look-ahead reads. */
type Nested = PageList & Required<Pick<PageList, 'alias' | 'parentId' | 'selected'>>;

/** A list with its page. */
export interface PageList extends List {
  window: Window;
  /** All fields unless it says otherwise. */
  selected?: Selected | undefined;
}

/** What makes a row part of a list. */
export function listConditions({ entity, scope, window, parents, alias = ROW, parentId = sql`parent.id` }: List): Sql[] {
  const conditions = scopeConditions(entity, alias, scope, window.deleted);
  if (parents) conditions.push(sql`${column(alias, parents.key)} = ${parentId}`);
  return [...conditions, filterCondition(entity, alias, window.filter, scope)];
}

/** The parents as a table `parent(id)`; a list without parents has one that nothing refers to. */
export function parentsTable(parents: Parents | null): Sql {
  return parents ? sql`unnest(${parents.ids}::uuid[]) as parent(id)` : sql`(values (null::uuid)) as parent(id)`;
}

function pageRows(list: PageList, source: Source): Sql {
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
  start: KeyValues | null,
  end: KeyValues | null,
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
function exists({ from, conditions, read }: Source, keys: readonly SortKey[], at: KeyValues | null): Sql {
  if (!at) return sql`false`;
  const found = branchesOf(keys, read).flatMap((branch) => {
    const bound = beyond(keys, at, branch, read, true);
    if (bound === false) return [];
    const within = [...conditions, ...branch.conditions, ...(bound ? [bound] : [])];
    return [sql`(select true from ${from} where ${all(within)} order by ${orderList(keys, read)} limit 1) is not null`];
  });
  return any(found);
}
