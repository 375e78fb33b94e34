import { sql } from 'kysely';
import { amountIn, missingRate, MOST_GROUPS, type FilterInput, type Grouped, type Sight } from '../../../db/index.js';
import { within, type Period, type Sql } from './sql.js';

/** Deals that are open or won, in groups: by the day they were won or are expected to be. */
export function forecastStatement(sight: Sight, grouped: Grouped, filter: FilterInput, { from, to }: Partial<Period>): Sql {
  const day = sql`coalesce(${sight.dayOf(sql`t.closed_at`)}, t.expected_close_date)`;
  const where = [
    sql`t.status <> 'LOST'`,
    ...(from ? [sql`${day} >= ${from}::date`] : []),
    ...(to ? [sql`${day} <= ${to}::date`] : []),
  ];
  const join = sql`join ${sight.rows('pipeline_stages', 's')} on s.org_id = t.org_id and s.id = t.stage_id`;
  const also = [sql`t.status as "$status"`, sql`s.probability as "$probability"`];
  const keys = keyList(grouped);
  const parts = [...keys, sql`"$status"`, sql`"$probability"`];
  const open = sql`filter (where "$status" = 'OPEN')`;
  const won = sql`filter (where "$status" = 'WON')`;
  // Added up by status and probability first: tens of thousands of deals are weighted as some hundred sums.
  // The offset keeps PostgreSQL from guessing how many months there are from the days there are, and so from sorting all deals.
  return sql`
    with listed as (select * from ${sight.grouped('deals', { grouped, filter, also, join, where })} as rows offset 0),
    parts as (
      select ${sql.join([...parts, sql`count(*) as deals`, sql`coalesce(sum(${amountIn(grouped.currency)}), 0) as total`])},
             ${missingRate(grouped.currency)} as "$missing"
      from ${sight.rated('listed', grouped.currency)} group by ${sql.join(parts)}),
    groups as (select ${sql.join([
      ...keys,
      sql`coalesce(sum(deals) ${open}, 0)::int as "openCount"`,
      sql`coalesce(sum(total) ${open}, 0) as "openSum"`,
      sql`coalesce(sum(total * "$probability") ${open} / 100, 0) as "openWeightedSum"`,
      sql`coalesce(sum(deals) ${won}, 0)::int as "wonCount"`,
      sql`coalesce(sum(total) ${won}, 0) as "wonSum"`,
      sql`coalesce(sum(total * case "$status" when 'WON' then 100 else "$probability" end) / 100, 0) as "expectedSum"`,
      sql`min("$missing") as "$missing"`,
    ])}
    from parts ${grouping(keys)})
    select * from groups ${keys.length > 0 ? sql`order by ${sql.join(keys)}` : sql``} limit ${MOST_GROUPS + 1}`;
}

/** Deals that were closed within a period, by who owns them; best first in each currency. */
export function leaderboardStatement(sight: Sight, grouped: Grouped, filter: FilterInput, period: Period): Sql {
  const keys = keyList(grouped);
  const amount = amountIn(grouped.currency);
  const won = sql`filter (where "$status" = 'WON')`;
  const partition = grouped.currency === null ? sql`partition by "$currency"` : sql``;
  const where = [sql`t.status <> 'OPEN'`, within(sight, sql`t.closed_at`, period)];
  return sql`
    with listed as ${sight.grouped('deals', { grouped, filter, also: [sql`t.status as "$status"`], where })},
    board as (
      select ${sql.join([
        ...keys,
        sql`count(*) ${won}::int as "wonCount"`,
        sql`coalesce(sum(${amount}) ${won}, 0) as "wonSum"`,
        sql`(count(*) - count(*) ${won})::int as "lostCount"`,
        sql`${missingRate(grouped.currency)} as "$missing"`,
      ])}
      from ${sight.rated('listed', grouped.currency)} ${grouping(keys)})
    select board.*, (rank() over (${partition} order by "wonSum" desc, "wonCount" desc))::int as "rank"
    from board order by ${sql.join([...(grouped.currency === null ? [sql.id('$currency')] : []), sql`"rank"`, ...keys])}
    limit ${MOST_GROUPS + 1}`;
}

/** Unless it is converted, money stays apart by currency. */
function keyList({ keys, currency }: Grouped): Sql[] {
  return [...keys.map(({ name }) => sql.id(name)), ...(currency === null ? [sql.id('$currency')] : [])];
}

function grouping(keys: readonly Sql[]): Sql {
  return keys.length === 0 ? sql`having count(*) > 0` : sql`group by ${sql.join(keys)}`;
}
