import { sql } from 'kysely';
import { entityOf } from './graph.js';
import { scopeConditions, type Scope } from './engine/scope.js';
import { all, viewOf, type Sql } from './engine/sql.js';

/** What a read-only room's own SQL (its queries.ts) is written with, so that it shows no more than the page engine does. */
export interface Sight {
  orgId: string;
  /** Rows of `table`, under `alias`: `from ${sight.rows('deals', 'd')}`. */
  rows(table: string, alias: string): Sql;
  /** Tenant, visibility and soft delete of those rows: `where ${sight.seen('deals', 'd')}`. Goes with every `rows`. */
  seen(table: string, alias: string): Sql;
  /** Tenant alone, for tables that no room declares: `read.<table>` under `alias`. */
  mine(alias: string): Sql;
}

/** @see Sight */
export function sightOf(scope: Scope): Sight {
  return {
    orgId: scope.orgId,
    rows: (table, alias) => viewOf(entityOf(scope.graph, table), alias),
    seen: (table, alias) => all(scopeConditions(entityOf(scope.graph, table), alias, scope, undefined)),
    mine: (alias) => (scope.tenantFilter ? sql`${sql.ref(`${alias}.org_id`)} = ${scope.orgId}::uuid` : sql`true`),
  };
}
