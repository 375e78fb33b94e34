import { sql } from 'kysely';
import { columnOf, entityOf } from './graph.js';
import type { FilterInput } from './engine/filter.js';
import { groupedRows, keysOf, type Grouped, type GroupedList } from './engine/grouping.js';
import { withRates } from './engine/money.js';
import { listConditions } from './engine/list.js';
import { scopeConditions, visibleCondition, type Deleted, type Scope } from './engine/scope.js';
import { all, viewOf, type Opening, type Sql } from './engine/sql.js';
import { dayOf, startOf } from './engine/zone.js';

/** What a read-only room's own SQL (its queries.ts) is written with, so that it shows no more than the page engine does. */
export interface Sight {
  orgId: string | Opening | Sql;
  /** Rows of `table`, under `alias`: `from ${sight.rows('deals', 'd')}`. */
  rows(table: string, alias: string): Sql;
  /** Tenant, visibility and soft delete of those rows: `where ${sight.seen('deals', 'd')}`. Goes with every `rows`. */
  seen(table: string, alias: string, deleted?: Deleted): Sql;
  /** Tenant alone, for tables that no room declares: `read.<table>` under `alias`. */
  mine(alias: string): Sql;
  /** The tables whose rows are about a contact, each with the column that holds its id. */
  about: readonly { table: string; key: string }[];
  /** A list of the page engine as the table `t`, in parentheses. */
  list(table: string, filter: FilterInput | null | undefined): Sql;
  /**
   * What became of the records of `table`, change by change, as the table `h`, in parentheses. Of records that the caller can see
   * as they are now, deleted since or not.
   */
  history(table: string): Sql;
  /** Groups of a list by values of the schema's enum of groups. @throws DomainError INVALID_INPUT for too many. */
  keys(table: string, groupBy: readonly string[] | null | undefined): Grouped['keys'];
  /** A list with its keys and its money (db/engine/money.ts), in parentheses; its rows are `t`. */
  grouped(
    table: string,
    list: Pick<GroupedList, 'grouped' | 'also' | 'join' | 'where'> & { filter: FilterInput | null | undefined },
  ): Sql;
  /** A relation with money, and its exchange rates (db/engine/money.ts). */
  rated(relation: string, currency: string | null): Sql;
  /** The calendar day of a moment, and the moment a day begins, where the caller is. */
  dayOf(moment: Sql): Sql;
  startOf(day: Sql): Sql;
}

/** @see Sight */
export function sightOf(scope: Scope): Sight {
  const entity = (table: string): ReturnType<typeof entityOf> => entityOf(scope.graph, table);
  const windowOf = (filter: FilterInput | null | undefined): { filter: FilterInput; deleted: Deleted; size: number } => ({
    filter: filter ?? {},
    deleted: undefined,
    size: 0,
  });
  const mine = (alias: string): Sql =>
    scope.tenantFilter ? sql`${sql.ref(`${alias}.org_id`)} = ${scope.orgId}::uuid` : sql`true`;
  return {
    orgId: scope.orgId,
    rows: (table, alias) => viewOf(entity(table), alias),
    seen: (table, alias, deleted) => all(scopeConditions(entity(table), alias, scope, deleted)),
    mine,
    about: [...scope.graph.values()].flatMap(({ table, about }) => (about ? [{ table, key: columnOf(about) }] : [])),
    list: (table, filter) => {
      const conditions = listConditions({ entity: entity(table), scope, window: windowOf(filter), parents: null });
      return sql`(select t.* from ${viewOf(entity(table), 't')} where ${all(conditions)})`;
    },
    history: (table) => {
      const { history } = entity(table);
      if (!history) throw new Error(`${table} keeps no history.`);
      const same = sql`t.org_id = h.org_id and t.id = ${sql.ref(`h.${history.key}`)}`;
      const seen = scopeConditions(entity(table), 't', scope, 'WITH');
      const changes = sql`select h.* from ${sql.id('read', history.table)} as h`;
      // Each change is of a record that is there: which one matters only to those who do not see all.
      if (!visibleCondition(entity(table), 't', scope)) return sql`(${changes} where ${mine('h')})`;
      return sql`(${changes} join ${viewOf(entity(table), 't')} on ${same} where ${all([mine('h'), ...seen])})`;
    },
    keys: (table, groupBy) => keysOf(entity(table), groupBy),
    grouped: (table, { filter, ...list }) =>
      sql`(${groupedRows({ ...list, entity: entity(table), scope, window: windowOf(filter), parents: null })})`,
    rated: (relation, currency) => withRates(relation, currency, scope),
    dayOf: (moment) => dayOf(moment, scope),
    startOf: (day) => startOf(day, scope),
  };
}
