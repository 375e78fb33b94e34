import { sql } from 'kysely';
import type { Entity } from '../graph.js';
import { filterCondition } from './filter.js';
import { scopeConditions, type Scope } from './scope.js';
import { column, type Opening, type Sql } from './sql.js';
import type { Window } from './window.js';

/** Rows of several parents in one statement; null: a list of the whole organization. */
export interface Parents {
  /** Field of the listed entity that holds the parent's id. */
  key: string;
  ids: readonly string[] | Opening;
}

/** What the listed row is called in a statement, unless it says otherwise. */
export const ROW = 't';

/** What is read of each row: its fields, and values that the look-ahead brings along as `$0`, `$1`, …. */
export interface Selected {
  fields: readonly string[];
  along: readonly Sql[];
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
