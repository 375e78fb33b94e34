import { sql } from 'kysely';
import type { Entity } from '../graph.js';
import { filterCondition } from './filter.js';
import { beyond, branchesOf, orderList, reversed, type Branch, type KeyValues, type SortKey } from './order.js';
import { scopeConditions, type Scope } from './scope.js';
import { all, any, column, compile, selectList, viewOf, type Sql, type Statement } from './sql.js';
import type { Window } from './window.js';

/** Rows of several parents in one statement; null: a list of the whole organization. */
export interface Parents {
  /** Field of the listed entity that holds the parent's id. */
  key: string;
  ids: readonly string[];
}

/** A row as the statement answers it: the entity's fields, and what the engine adds. */
export type PageRow = Record<string, unknown> & { $parent: string | null; $preceding: boolean; $following: boolean };

const ROW = 't';

/**
 * One page for each parent, in one statement. For a parent without rows it answers one row whose id is null. A page has
 * one row more than asked for when more follow in the direction of reading; `$preceding` tells of rows before where it
 * starts, `$following` of rows behind where it had to end.
 */
export function pageStatement(entity: Entity, window: Window, scope: Scope, parents: Parents | null): Statement {
  const reading = window.backward ? reversed(window.keys) : window.keys;
  const [start, end] = window.backward ? [window.before, window.after] : [window.after, window.before];
  const list = { entity, scope, window, parents };
  return compile(sql`
    select parent.id as "$parent", ${exists(list, reversed(reading), start)} as "$preceding",
           ${exists(list, reading, end)} as "$following", page.*
    from ${parentsTable(parents)}
    left join lateral (${pageRows(list, reading, start, end)}) as page on true`);
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
}

/** What makes a row part of a list. */
export function listConditions({ entity, scope, window, parents }: List): Sql[] {
  const conditions = scopeConditions(entity, ROW, scope, window.deleted);
  if (parents) conditions.push(sql`${column(ROW, parents.key)} = parent.id`);
  return [...conditions, filterCondition(entity, ROW, window.filter, scope)];
}

/** The parents as a table `parent(id)`; a list without parents has one that nothing refers to. */
export function parentsTable(parents: Parents | null): Sql {
  return parents ? sql`unnest(${parents.ids}::uuid[]) as parent(id)` : sql`(values (null::uuid)) as parent(id)`;
}

function pageRows(list: List, reading: SortKey[] | readonly SortKey[], start: KeyValues | null, end: KeyValues | null): Sql {
  const limit = sql.raw(String(list.window.size + 1));
  const branches = branchesOf(reading, ROW).flatMap((branch, index) => {
    const within = withinBounds(reading, start, end, branch);
    return within ? [branchRows(list, reading, index, [...branch.conditions, ...within])] : [];
  });
  if (branches.length === 1 && branches[0]) return branches[0];
  if (branches.length === 0) return branchRows(list, reading, 0, [any([])]);
  const read = (field: string): Sql => sql.ref(`branch.${field}`);
  return sql`
    select * from (${sql.join(
      branches.map((rows) => sql`(${rows})`),
      sql` union all `,
    )}) as branch
    order by branch."$branch", ${orderList(reading, read)} limit ${limit}`;
}

function branchRows(list: List, reading: readonly SortKey[], index: number, conditions: Sql[]): Sql {
  return sql`
    select ${selectList(list.entity, ROW)}, ${sql.raw(String(index))} as "$branch"
    from ${viewOf(list.entity, ROW)}
    where ${all([...listConditions(list), ...conditions])}
    order by ${orderList(reading, (field) => column(ROW, field))}
    limit ${sql.raw(String(list.window.size + 1))}`;
}

/** Conditions that keep a branch between both positions; null when it has no rows there. */
function withinBounds(reading: readonly SortKey[], start: KeyValues | null, end: KeyValues | null, branch: Branch): Sql[] | null {
  const bounds = [
    start ? beyond(reading, start, branch, ROW, false) : null,
    end ? beyond(reversed(reading), end, branch, ROW, false) : null,
  ];
  if (bounds.includes(false)) return null;
  return bounds.filter((bound): bound is Sql => bound !== null && bound !== false);
}

/**
 * Whether the list has a row at a position or beyond it; never without a position. Asks for the nearest one in order rather
 * than with EXISTS, which forgets the order and may well read other tenants' rows one by one until it meets a match.
 */
function exists(list: List, keys: readonly SortKey[], at: KeyValues | null): Sql {
  if (!at) return sql`false`;
  const found = branchesOf(keys, ROW).flatMap((branch) => {
    const bound = beyond(keys, at, branch, ROW, true);
    if (bound === false) return [];
    const conditions = [...listConditions(list), ...branch.conditions, ...(bound ? [bound] : [])];
    const order = orderList(keys, (field) => column(ROW, field));
    return [sql`(select true from ${viewOf(list.entity, ROW)} where ${all(conditions)} order by ${order} limit 1) is not null`];
  });
  return any(found);
}
