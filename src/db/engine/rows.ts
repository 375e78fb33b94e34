import { sql } from 'kysely';
import type { Entity } from '../graph.js';
import { scopeConditions, type Deleted, type Scope } from './scope.js';
import { all, column, compile, selectList, viewOf, type Opening, type Statement } from './sql.js';

/** Rows by a unique field (the id), or all rows that refer to one of several parents, in a fixed order. */
export function rowsStatement(
  entity: Entity,
  key: string,
  ids: readonly string[] | Opening,
  scope: Scope,
  deleted: Deleted,
  orderBy = key,
): Statement {
  const conditions = [...scopeConditions(entity, 't', scope, deleted), sql`${column('t', key)} = any(${ids}::uuid[])`];
  return compile(sql`
    select ${selectList(entity, 't')} from ${viewOf(entity, 't')} where ${all(conditions)} order by ${column('t', orderBy)}`);
}
