import { sql } from 'kysely';
import { invalid } from '../../errors.js';
import { entityOf, kindOf, type Entity, type Grouping } from '../graph.js';
import { amountIn, checkRates, missingRate, withRates } from './money.js';
import { listConditions, parentsTable, type Parents } from './page.js';
import { scopeConditions, type Scope } from './scope.js';
import { all, column, compile, viewOf, type Sql, type Statement } from './sql.js';
import type { Window } from './window.js';
import { dayOf, monthOf, today } from './zone.js';

/** Arguments of an aggregate, as GraphQL coerced them. */
export interface AggregateArgs {
  /** Values of the schema's enum of groups: CLOSE_MONTH for the key `closeMonth`. */
  groupBy?: readonly string[] | null;
  /** Converts all amounts; without it they stay apart by currency. */
  inCurrency?: string | null;
}

/** What those arguments ask for. */
export interface Grouped {
  keys: readonly Key[];
  currency: string | null;
}

/** A group as the statement answers it: its keys by field, amounts as exact text. */
export interface AggregateRow {
  keys: Record<string, unknown>;
  count: number;
  currency: string;
  sum: string;
  avg: string | null;
  min: string | null;
  max: string | null;
  p50: string | null;
  p90: string | null;
}

/** One thing to group by. */
export interface Key {
  /** Name in the answer's `keys`; of a record, the field that its id is in. */
  name: string;
  grouping: Grouping;
}

const MOST_KEYS = 4;
const MOST_GROUPS = 1_000;

/** What to group by, and the currency of amounts. @throws DomainError INVALID_INPUT for too many keys. */
export function groupedBy(entity: Entity, { groupBy, inCurrency }: AggregateArgs): Grouped {
  const names = [...new Set(groupBy ?? [])];
  if (names.length > MOST_KEYS) throw invalid(['groupBy'], `Group by at most ${MOST_KEYS} keys.`, 'TOO_MANY');
  const keys = names.map((value) => {
    const name = value.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const grouping = entity.groups[name];
    if (!grouping) throw new Error(`${entity.table} declares no group ${name}.`);
    const relation = grouping.by === 'record' ? entity.toOne[grouping.relation] : undefined;
    return { name: relation?.key ?? name, grouping };
  });
  return { keys, currency: inCurrency ?? null };
}

/**
 * The groups of each parent's list, in the order of their keys; of too many, one more than there may be. Money is never added over
 * currencies: unless it is converted, its currency is a key too.
 */
export function aggregateStatement(
  { keys, currency }: Grouped,
  entity: Entity,
  window: Pick<Window, 'filter' | 'deleted'>,
  scope: Scope,
  parents: Parents | null,
): Statement {
  const named = keys.map(({ name }) => sql.id(name));
  const ordered = [...named, ...(entity.amount && currency === null ? [sql.id('$currency')] : [])];
  const order = ordered.length > 0 ? sql`order by ${sql.join(ordered)}` : sql``;
  return compile(sql`
    with listed as (${listed({ keys, currency }, entity, window, scope, parents)})
    select * from (
      select ${sql.join([sql.id('$parent'), ...ordered, sql`count(*)::int as "$count"`, ...amounts(entity, currency)])},
             row_number() over (partition by "$parent" ${order}) as "$place"
      from ${withRates('listed', currency, scope)} group by ${sql.join([sql.id('$parent'), ...ordered])}
    ) as groups
    where "$place" <= ${MOST_GROUPS + 1} order by "$place"`);
}

/** The groups as the API answers them. @throws DomainError INVALID_INPUT for too many. */
export function groupsFrom({ keys, currency }: Grouped, rows: readonly Record<string, unknown>[]): AggregateRow[] {
  if (rows.length > MOST_GROUPS) {
    const message = `These are more than ${MOST_GROUPS} groups. Group by fewer keys, or let \`filter\` choose fewer rows.`;
    throw invalid(['groupBy'], message, 'TOO_MANY_GROUPS');
  }
  const missing = rows.map((row) => row['$missing'] as string | null);
  checkRates(missing, currency);
  return rows.map((row) => ({
    keys: Object.fromEntries(keys.map(({ name }) => [name, row[name]])),
    ...(Object.fromEntries(FIGURES.map((name) => [name, row[`$${name}`]])) as Omit<AggregateRow, 'keys'>),
    ...(currency !== null && { currency }),
  }));
}

const FIGURES = ['count', 'currency', 'sum', 'avg', 'min', 'max', 'p50', 'p90'] as const;

/** Percentiles are values that are there: the continuous kind would go through floating point. */
function amounts(entity: Entity, currency: string | null): Sql[] {
  if (!entity.amount) return [];
  const amount = amountIn(currency);
  const percentile = (share: number): Sql => sql`percentile_disc(${sql.lit(share)}) within group (order by ${amount})`;
  return [
    sql`coalesce(sum(${amount}), 0) as "$sum"`,
    sql`avg(${amount}) as "$avg"`,
    sql`min(${amount}) as "$min"`,
    sql`max(${amount}) as "$max"`,
    sql`${percentile(0.5)} as "$p50"`,
    sql`${percentile(0.9)} as "$p90"`,
    sql`${missingRate(currency)} as "$missing"`,
  ];
}

/** The rows of the lists, as far as aggregates need them. */
function listed(
  { keys, currency }: Grouped,
  entity: Entity,
  window: Pick<Window, 'filter' | 'deleted'>,
  scope: Scope,
  parents: Parents | null,
): Sql {
  const { amount } = entity;
  const shown = [
    sql`parent.id as "$parent"`,
    ...keys.map(({ name, grouping }) => sql`${keyValue(entity, grouping)} as ${sql.id(name)}`),
    ...(amount ? moneyOf(amount, currency) : []),
  ];
  const joins = keys.map(({ grouping }) => keyJoin(entity, grouping, scope));
  return sql`
      select ${sql.join(shown)}
      from ${parentsTable(parents)} cross join ${viewOf(entity, 't')} ${sql.join(joins, sql` `)}
      where ${all(listConditions({ entity, scope, window: { ...window, size: 0 }, parents }))}`;
}

function moneyOf(amount: NonNullable<Entity['amount']>, wanted: string | null): Sql[] {
  const day = sql`coalesce(${dayOf(column('t', amount.closed))}, ${today}) as "$on"`;
  return [
    sql`${column('t', amount.value)} as "$amount"`,
    sql`${column('t', amount.currency)} as "$currency"`,
    ...(wanted === null ? [] : [day]),
  ];
}

function keyValue(entity: Entity, grouping: Grouping): Sql {
  switch (grouping.by) {
    case 'value':
      return column('t', grouping.field);
    case 'items':
      return sql.ref('k_item.value');
    case 'month': {
      const days = [grouping.field, ...(grouping.otherwise ? [grouping.otherwise] : [])].map((field) => dayIn(entity, field));
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

function dayIn(entity: Entity, field: string): Sql {
  const target = column('t', field);
  return kindOf(entity, field).kind === 'date' ? target : dayOf(target);
}

function relationOf(entity: Entity, name: string): Entity['toOne'][string] {
  const relation = entity.toOne[name];
  if (!relation) throw new Error(`${entity.table} declares no relation ${name}.`);
  return relation;
}
