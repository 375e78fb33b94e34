import { sql } from 'kysely';
import type { Entity } from '../graph.js';
import { MOST_BOUNDED_ROWS } from './limits.js';
import { listConditions, parentsTable, ROW, type PageList, type Parents } from './list.js';
import { listedSource, neighbours, pageOf, pageRows, rowColumns, viewSource } from './page-rows.js';
import type { Scope } from './scope.js';
import { all, compile, viewOf, type Sql, type Statement } from './sql.js';
import type { Window } from './window.js';

/** A row as the statement answers it: the entity's fields, and what the engine adds. */
export type PageRow = Record<string, unknown> & {
  $parent: string | null;
  $preceding: boolean;
  $following: boolean;
  /** That the list is too long for its order. */
  $excess?: boolean;
};

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

/** How many rows the list of each parent has. */
export function countStatement(entity: Entity, window: Window, scope: Scope, parents: Parents | null): Statement {
  const list = { entity, scope, window, parents };
  return compile(sql`
    select parent.id as "$parent",
           (select count(*)::int from ${viewOf(entity, ROW)} where ${all(listConditions(list))}) as "count"
    from ${parentsTable(parents)}`);
}

/** The first rows of a list, for a statement that reads more than them; one more than the window asks for when more follow. */
export function nestedRows(list: Nested): Sql {
  return pageRows(list, viewSource(list));
}

/** A list whose rows look-ahead reads. */
type Nested = PageList & Required<Pick<PageList, 'alias' | 'parentId' | 'selected'>>;
