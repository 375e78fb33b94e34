import { sql } from 'kysely';
import type { AnyRow } from '../reader.js';
import { pageOf, type Page } from '../connection.js';
import type { Entity } from '../graph.js';
import type { Ahead } from './along.js';
import { bring, bringRows, nestedAlias, NO_NEIGHBOURS, type Bringer } from './bringing.js';
import { jsonOf } from './json-rows.js';
import { pageAheadStatement, type PageRow } from './page.js';
import { scopeConditions, type Deleted } from './scope.js';
import { all, column, compile, OPENINGS, viewOf, type Statement } from './sql.js';
import type { Window } from './window.js';

/**
 * The page of each parent with what is read ahead of its rows.
 *
 * @param key field that holds the parent's id; null for a list of the organization.
 */
export function pageAhead(
  by: Bringer,
  entity: Entity,
  window: Window,
  ahead: Ahead,
  key: string | null,
): { statement: Statement; pageOf: (row: PageRow | undefined, ahead: Ahead) => Page<AnyRow> } {
  const place = { parents: key ? { key, ids: OPENINGS.parents } : null, parentId: sql`parent.id` };
  const { value, read } = bringRows(by, entity, window, ahead, place);
  return {
    statement: pageAheadStatement({ entity, scope: by.scope, window, parents: place.parents, alias: nestedAlias(0) }, value),
    pageOf: (row, wanted) => pageOf(read(row?.['$rows'], wanted), window, row ?? NO_NEIGHBOURS),
  };
}

/** Rows by their ids with what is read ahead of them. */
export function recordsAhead(
  by: Bringer,
  entity: Entity,
  deleted: Deleted,
  ahead: Ahead,
): { statement: Statement; rowOf: (row: Record<string, unknown>, ahead: Ahead) => AnyRow } {
  const alias = nestedAlias(0);
  const bringing = bring(by, entity, alias, ahead, []);
  const conditions = [
    ...scopeConditions(entity, alias, by.scope, deleted),
    sql`${column(alias, 'id')} = any(${OPENINGS.parents}::uuid[])`,
  ];
  const row = jsonOf(entity, bringing, (field) => column(alias, field), bringing.along);
  return {
    statement: compile(sql`select ${row} as "$row" from ${viewOf(entity, alias)} where ${all(conditions)}`),
    rowOf: (answered, wanted) => bringing.rowOf(answered['$row'] as unknown[], wanted),
  };
}
