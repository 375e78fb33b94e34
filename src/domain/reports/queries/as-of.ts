import { sql } from 'kysely';
import { amountIn, missingRate, type Sight } from '../../../db/index.js';
import type { Sql } from './sql.js';

/** What is to be rebuilt, and how. */
export interface AsOf {
  /** Null: the pipeline that is the default one now. */
  pipelineId: string | null;
  /** A moment, or the end of a day. */
  moment: { at: string } | { endOf: string };
  statuses: readonly string[];
  currency: string | null;
}

/** A stage as it stood, with the deals of one currency that were in it; without deals once, with none. */
export interface StageAsOfRow {
  pipelineId: string;
  pipelineName: string;
  stageId: string;
  name: string;
  probability: number;
  count: number;
  currency: string | null;
  sum: string;
  weightedSum: string;
  $missing: string | null;
}

/**
 * The last change of each deal and of the pipeline up to a moment. The deals are those that the caller can see as they are now,
 * deleted since or not (docs/decisions/0029-as-of.md).
 */
export function asOfStatement(sight: Sight, { pipelineId, moment, statuses, currency }: AsOf): Sql {
  const until =
    'at' in moment ? sql`h.at <= ${moment.at}::timestamptz` : sql`h.at < ${sight.startOf(sql`${moment.endOf}::date + 1`)}`;
  const day = 'at' in moment ? sight.dayOf(sql`${moment.at}::timestamptz`) : sql`${moment.endOf}::date`;
  const which = pipelineId === null ? sql`p.is_default` : sql`p.id = ${pipelineId}::uuid`;
  const amount = amountIn(currency);
  const perCurrency = currency === null ? [sql`"$currency"`] : [];
  return sql`
    with chosen as (select p.id from ${sight.rows('pipelines', 'p')} where ${sight.seen('pipelines', 'p', 'WITH')} and ${which}),
    definition as (
      select h.* from ${sight.history('pipelines')} as h
      where h.pipeline_id = (select id from chosen) and ${until} order by h.at desc, h.seq desc limit 1),
    state as (
      select distinct on (h.deal_id) h.pipeline_id, h.stage_id, h.status, h.value, h.currency, h.is_deleted
      from ${sight.history('deals')} as h where ${until} order by h.deal_id desc, h.at desc, h.seq desc),
    stages as (
      select (s.stage ->> 'id')::uuid as id, s.stage ->> 'name' as name, (s.stage ->> 'probability')::int as probability, s.place
      from definition as d, jsonb_array_elements(d.stages) with ordinality as s (stage, place) where not d.is_deleted),
    listed as materialized (
      select state.stage_id as "$stage", state.value as "$amount", state.currency as "$currency", ${day} as "$on",
             case state.status when 'WON' then 100 when 'LOST' then 0 else stages.probability end as "$probability"
      from state join stages on stages.id = state.stage_id
      where state.pipeline_id = (select id from chosen) and not state.is_deleted and state.status::text = any(${statuses}::text[])),
    columns as (
      select ${sql.join([sql`"$stage"`, ...perCurrency])}, count(*)::int as "count", coalesce(sum(${amount}), 0) as "sum",
             coalesce(sum(${amount} * "$probability") / 100, 0) as "weightedSum", ${missingRate(currency)} as "$missing"
      from ${sight.rated('listed', currency)} group by ${sql.join([sql`"$stage"`, ...perCurrency])})
    select d.pipeline_id as "pipelineId", d.name as "pipelineName", stages.id as "stageId", stages.name, stages.probability,
           coalesce(c."count", 0) as "count", coalesce(c."sum", 0) as "sum", coalesce(c."weightedSum", 0) as "weightedSum", c."$missing",
           ${currency === null ? sql`c."$currency"` : sql`case when c."count" > 0 then ${currency}::text end`} as "currency"
    from definition as d cross join stages left join columns as c on c."$stage" = stages.id
    order by stages.place, 10`;
}
