import { sql } from 'kysely';
import { invalid } from '../../errors.js';
import { entityOf, kindOf, type Entity, type Grouping } from '../graph.js';
import { listConditions, parentsTable, type Parents } from './list.js';
import { scopeConditions, type Scope } from './scope.js';
import { all, column, viewOf, type Sql } from './sql.js';
import type { Window } from './window.js';
import { dayOf, monthOf, today } from './zone.js';

/** What rows are grouped by, and the currency their money is converted to; null: none, so that it stays apart by currency. */
export interface Grouped {
  keys: readonly Key[];
  currency: string | null;
}

/** One thing to group by. */
export interface Key {
  /** Name in the answer; of a record, the field that its id is in. */
  name: string;
  grouping: Grouping;
}

/** Groups an answer has at most. */
export const MOST_GROUPS = 5_000;
const MOST_KEYS = 4;

/** @param names values of the schema's enum of groups: CLOSE_MONTH for the key `closeMonth`. @throws DomainError INVALID_INPUT for too many. */
export function keysOf(entity: Entity, names: readonly string[] | null | undefined): Key[] {
  const wanted = [...new Set(names ?? [])];
  if (wanted.length > MOST_KEYS) throw invalid(['groupBy'], `Group by at most ${MOST_KEYS} keys.`, 'TOO_MANY');
  return wanted.map((value) => {
    const name = value.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const grouping = entity.groups[name];
    if (!grouping) throw new Error(`${entity.table} declares no group ${name}.`);
    return { name: grouping.by === 'record' ? relationOf(entity, grouping.relation).key : name, grouping };
  });
}

/** @throws DomainError INVALID_INPUT for more groups than an answer has. */
export function checkGroups(groups: readonly unknown[]): void {
  if (groups.length <= MOST_GROUPS) return;
  const message = `These are more than ${MOST_GROUPS} groups. Group by fewer keys, or let \`filter\` choose fewer rows.`;
  throw invalid(['groupBy'], message, 'TOO_MANY_GROUPS');
}

/** Lists whose rows are grouped. */
export interface GroupedList {
  grouped: Grouped;
  entity: Entity;
  scope: Scope;
  window: Pick<Window, 'filter' | 'deleted'>;
  parents: Parents | null;
  /** Further columns, tables and conditions of a report; the rows are `t`. */
  also?: readonly Sql[];
  join?: Sql;
  where?: readonly Sql[];
}

/** The rows of the lists: `$parent`, a column for each key, money (db/engine/money.ts), and what else a report asks for. */
export function groupedRows(list: GroupedList): Sql {
  const { grouped, entity, scope, window, parents, also = [], join = sql``, where = [] } = list;
  const shown = [
    sql`parent.id as "$parent"`,
    ...grouped.keys.map(({ name, grouping }) => sql`${keyValue(entity, grouping, scope)} as ${sql.id(name)}`),
    ...(entity.amount ? moneyOf(entity.amount, grouped.currency, scope) : []),
    ...also,
  ];
  const joins = grouped.keys.map(({ grouping }) => keyJoin(entity, grouping, scope));
  const conditions = [...listConditions({ entity, scope, window: { ...window, size: 0 }, parents }), ...where];
  return sql`
      select ${sql.join(shown)}
      from ${parentsTable(parents)} cross join ${viewOf(entity, 't')} ${sql.join([...joins, join], sql` `)}
      where ${all(conditions)}`;
}

function moneyOf(amount: NonNullable<Entity['amount']>, wanted: string | null, scope: Scope): Sql[] {
  const day = sql`coalesce(${dayOf(column('t', amount.closed), scope)}, ${today(scope)}) as "$on"`;
  return [
    sql`${column('t', amount.value)} as "$amount"`,
    sql`${column('t', amount.currency)} as "$currency"`,
    ...(wanted === null ? [] : [day]),
  ];
}

function keyValue(entity: Entity, grouping: Grouping, scope: Scope): Sql {
  switch (grouping.by) {
    case 'value':
      return column('t', grouping.field);
    case 'items':
      return sql.ref('k_item.value');
    case 'month': {
      const days = [grouping.field, ...(grouping.otherwise ? [grouping.otherwise] : [])].map((field) =>
        dayIn(entity, field, scope),
      );
      return monthOf(sql`coalesce(${sql.join(days)})`);
    }
    case 'record': {
      const { key, evenDeleted } = relationOf(entity, grouping.relation);
      return evenDeleted ? column('t', key) : sql.ref(`k_${grouping.relation}.id`);
    }
  }
}

/** A record that reads null, because it was deleted or is hidden, must not be told apart from none: not even as a group of its own. */
function keyJoin(entity: Entity, grouping: Grouping, scope: Scope): Sql {
  if (grouping.by === 'items') return sql`left join lateral unnest(${column('t', grouping.field)}) as k_item(value) on true`;
  if (grouping.by !== 'record') return sql``;
  const relation = relationOf(entity, grouping.relation);
  if (relation.evenDeleted) return sql``;
  const target = entityOf(scope.graph, relation.entity);
  const alias = `k_${grouping.relation}`;
  const same = [sql`${sql.ref(`${alias}.org_id`)} = t.org_id`, sql`${column(alias, 'id')} = ${column('t', relation.key)}`];
  return sql`left join ${viewOf(target, alias)} on ${all([...same, ...scopeConditions(target, alias, scope, undefined)])}`;
}

function dayIn(entity: Entity, field: string, scope: Scope): Sql {
  const target = column('t', field);
  return kindOf(entity, field).kind === 'date' ? target : dayOf(target, scope);
}

function relationOf(entity: Entity, name: string): Entity['toOne'][string] {
  const relation = entity.toOne[name];
  if (!relation) throw new Error(`${entity.table} declares no relation ${name}.`);
  return relation;
}
