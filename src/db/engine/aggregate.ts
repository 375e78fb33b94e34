import { sql } from 'kysely';
import type { Entity } from '../graph.js';
import { checkGroups, groupedRows, keysOf, MOST_GROUPS, type Grouped } from './grouping.js';
import { amountIn, checkRates, missingRate, withRates } from './money.js';
import type { Parents } from './list.js';
import type { Scope } from './scope.js';
import { compile, type Sql, type Statement } from './sql.js';
import type { Window } from './window.js';

/** Arguments of an aggregate, as GraphQL coerced them. */
export interface AggregateArgs {
  groupBy?: readonly string[] | null;
  /** Converts all amounts; without it they stay apart by currency. */
  inCurrency?: string | null;
}

/** What an operation goes on to read of groups. */
export interface GroupsAhead {
  /** What is looked at of a group, by the schema's names. A percentile sorts all amounts. */
  looksAt: readonly string[];
  /** Whether the operation reads nothing else. */
  isAll: boolean;
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

/** What those arguments ask for. @throws DomainError INVALID_INPUT for too many keys. */
export function groupedBy(entity: Entity, { groupBy, inCurrency }: AggregateArgs): Grouped {
  return { keys: keysOf(entity, groupBy), currency: inCurrency ?? null };
}

/** What of a group's figures is worked out: those that are looked at. */
export type Figures = readonly Figure[];

export function figuresOf(looksAt: readonly string[] | undefined): Figures {
  return looksAt ? FIGURES.filter((name) => looksAt.includes(name)) : FIGURES;
}

/**
 * The groups of each parent's list, in the order of their keys; of too many, one more than there may be. Money is never added over
 * currencies: unless it is converted, its currency is a key too.
 */
export function aggregateStatement(
  { grouped, figures }: { grouped: Grouped; figures: Figures },
  entity: Entity,
  window: Pick<Window, 'filter' | 'deleted'>,
  scope: Scope,
  parents: Parents | null,
): Statement {
  const { keys, currency } = grouped;
  const named = keys.map(({ name }) => sql.id(name));
  const ordered = [...named, ...(entity.amount && currency === null ? [sql.id('$currency')] : [])];
  const order = ordered.length > 0 ? sql`order by ${sql.join(ordered)}` : sql``;
  return compile(sql`
    with listed as (${groupedRows({ grouped, entity, window, scope, parents })})
    select * from (
      select ${sql.join([sql.id('$parent'), ...ordered, sql`count(*)::int as "$count"`, ...amounts(entity, currency, figures)])},
             row_number() over (partition by "$parent" ${order}) as "$place"
      from ${withRates('listed', currency, scope)} group by ${sql.join([sql.id('$parent'), ...ordered])}
    ) as groups
    where "$place" <= ${MOST_GROUPS + 1} order by "$place"`);
}

/** The groups as the API answers them. @throws DomainError INVALID_INPUT for too many, and for a rate that is missing. */
export function groupsFrom({ keys, currency }: Grouped, rows: readonly Record<string, unknown>[]): AggregateRow[] {
  checkGroups(rows);
  checkRates(rows, currency);
  return rows.map((row) => ({
    keys: Object.fromEntries(keys.map(({ name }) => [name, row[name]])),
    ...figuresIn(row),
    ...(currency !== null && { currency }),
  }));
}

function figuresIn(row: Record<string, unknown>): Omit<AggregateRow, 'keys'> {
  const names = ['count', 'currency', ...FIGURES] as const;
  return Object.fromEntries(names.map((name) => [name, row[`$${name}`]])) as Omit<AggregateRow, 'keys'>;
}

/** A figure that is not looked at is undefined. */
const FIGURES = ['sum', 'avg', 'min', 'max', 'p50', 'p90'] as const;
type Figure = (typeof FIGURES)[number];

/** Percentiles are values that are there: the continuous kind would go through floating point. */
function amounts(entity: Entity, currency: string | null, figures: Figures): Sql[] {
  if (!entity.amount) return [];
  const amount = amountIn(currency);
  const percentile = (share: number): Sql => sql`percentile_disc(${sql.lit(share)}) within group (order by ${amount})`;
  const all: Record<Figure, Sql> = {
    sum: sql`coalesce(sum(${amount}), 0)`,
    avg: sql`avg(${amount})`,
    min: sql`min(${amount})`,
    max: sql`max(${amount})`,
    p50: percentile(0.5),
    p90: percentile(0.9),
  };
  return [...figures.map((name) => sql`${all[name]} as ${sql.id(`$${name}`)}`), sql`${missingRate(currency)} as "$missing"`];
}
