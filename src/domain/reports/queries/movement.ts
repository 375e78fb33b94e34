import { sql } from 'kysely';
import { amountIn, missingRate, type FilterInput, type Sight } from '../../../db/index.js';
import { within, type Period, type Sql } from './sql.js';

/** One stage of a cohort. */
export interface ConversionRow {
  period: string;
  created: number;
  won: number;
  lost: number;
  stageId: string;
  reached: number;
  advanced: number;
}

/**
 * How far the deals came that entered a pipeline within a period, in cohorts by when they entered. Whoever was in a stage has
 * reached all stages before it; whoever won, all of them. Only the histories of deals that moved within the period are read.
 */
export function conversionStatement(
  sight: Sight,
  { pipelineId, filter, period, by }: { pipelineId: string; filter: FilterInput; period: Period; by: string | null },
): Sql {
  const pipeline = sql`${pipelineId}::uuid`;
  const cohort =
    by === null ? sql`${period.from}::date` : sql`date_trunc(${sql.lit(by.toLowerCase())}, ${sight.dayOf(sql`e.at`)})::date`;
  return sql`
    with stages as (
      select s.id, s.place from ${sight.rows('pipeline_stages', 's')} where ${sight.seen('pipeline_stages', 's')} and s.pipeline_id = ${pipeline}),
    moved as (
      select distinct h.deal_id from ${sight.history('deals')} as h where h.pipeline_id = ${pipeline} and ${within(sight, sql`h.at`, period)}),
    entered as (
      select h.deal_id, min(h.at) as at, max(stages.place) as place
      from ${sight.history('deals')} as h left join stages on stages.id = h.stage_id
      where h.pipeline_id = ${pipeline} and h.deal_id in (select deal_id from moved) group by h.deal_id),
    cohort as (
      select ${cohort} as period, e.place, case when t.pipeline_id = ${pipeline} then t.status::text end as status, count(*) as deals
      from entered as e join ${sight.list('deals', filter)} as t on t.id = e.deal_id where ${within(sight, sql`e.at`, period)}
      group by 1, 2, 3),
    cohorts as (
      select period, sum(deals)::int as created, coalesce(sum(deals) filter (where status = 'WON'), 0)::int as won,
             coalesce(sum(deals) filter (where status = 'LOST'), 0)::int as lost
      from cohort group by period)
    select cohorts.*, stages.id as "stageId",
           coalesce(sum(c.deals) filter (where c.place >= stages.place or c.status = 'WON'), 0)::int as reached,
           coalesce(sum(c.deals) filter (where c.place > stages.place or c.status = 'WON'), 0)::int as advanced
    from cohorts cross join stages join cohort as c on c.period = cohorts.period
    group by cohorts.period, cohorts.created, cohorts.won, cohorts.lost, stages.id, stages.place order by cohorts.period, stages.place`;
}

/** How quickly deals were closed, in one row. */
export interface VelocityRow {
  wonCount: number;
  lostCount: number;
  averageCycleDays: number | null;
  medianCycleDays: number | null;
  won: { currency: string; count: number; sum: string; avg: string | null; $missing: string | null }[];
  stages: { stageId: string; dealCount: number; averageDays: number; medianDays: number }[];
}

/** Deals that were closed within a period: how many were won, what they were worth, and how long they were on their way. */
export function velocityStatement(sight: Sight, filter: FilterInput, period: Period, currency: string | null): Sql {
  const amount = amountIn(currency);
  const apart = currency === null ? sql`"$currency"` : sql`null::text`;
  return sql`
    with closed as materialized (
      select t.id, t.status, t.value, t.currency, t.created_at, t.closed_at from ${sight.list('deals', filter)} as t
      where t.status <> 'OPEN' and ${within(sight, sql`t.closed_at`, period)}),
    listed as (
      select value as "$amount", currency as "$currency", ${sight.dayOf(sql`closed_at`)} as "$on" from closed where status = 'WON'),
    worth as (
      select ${apart} as currency, count(*)::int as count, coalesce(sum(${amount}), 0)::text as sum, avg(${amount})::text as avg,
             ${missingRate(currency)} as "$missing"
      from ${sight.rated('listed', currency)} group by 1),
    spans as (
      select h.deal_id, h.stage_id, h.status, h.is_deleted,
             extract(epoch from lead(h.at) over (partition by h.deal_id order by h.at, h.seq) - h.at) / 86400 as days
      from ${sight.history('deals')} as h where h.deal_id in (select id from closed)),
    stays as (select deal_id, stage_id, sum(days) as days from spans where status = 'OPEN' and not is_deleted group by deal_id, stage_id),
    paces as (
      select s.id as "stageId", s.pipeline_id, s.place, count(*)::int as "dealCount", avg(stays.days)::float8 as "averageDays",
             percentile_cont(0.5) within group (order by stays.days::float8) as "medianDays"
      from stays join ${sight.rows('pipeline_stages', 's')} on s.id = stays.stage_id and ${sight.seen('pipeline_stages', 's')}
      group by s.id, s.pipeline_id, s.place),
    cycles as (
      select count(*) filter (where status = 'WON')::int as won, count(*) filter (where status = 'LOST')::int as lost,
             (avg(extract(epoch from closed_at - created_at) / 86400) filter (where status = 'WON'))::float8 as average,
             percentile_cont(0.5) within group (order by (extract(epoch from closed_at - created_at) / 86400)::float8)
               filter (where status = 'WON') as median
      from closed)
    select won as "wonCount", lost as "lostCount", average as "averageCycleDays", median as "medianCycleDays",
           coalesce((select json_agg(worth order by currency) from worth), '[]') as won,
           coalesce((select json_agg(paces order by pipeline_id, place) from paces), '[]') as stages
    from cycles`;
}
