import { sql } from 'kysely';
import type { Entity } from '../graph.js';
import { listConditions, parentsTable, type Parents } from './list.js';
import type { Scope } from './scope.js';
import { all, compile, viewOf, type Statement } from './sql.js';
import type { Window } from './window.js';

/** One currency's total, amounts as exact text. */
export interface MoneyTotalRow {
  currency: string;
  count: number;
  sum: string;
  weightedSum: string;
}

/**
 * Count, sum and weighted sum by currency of each parent's list of deals. Weighted by the stage while open, 100 % when
 * won, 0 % when lost; a probability is the stage's, so deals are added up by stage before they are weighted. Amounts leave as text: inside JSON, numeric would become a float.
 */
export function totalsStatement(entity: Entity, window: Window, scope: Scope, parents: Parents | null): Statement {
  return compile(sql`
    select parent.id as "$parent", totals.list as "totals"
    from ${parentsTable(parents)}
    cross join lateral (
      select coalesce(json_agg(json_build_object('currency', currency, 'count', deals, 'sum', total::text,
                                                 'weightedSum', weighted::text) order by currency), '[]') as list
      from (
        select part.currency, sum(part.deals)::int as deals, coalesce(sum(part.total), 0) as total,
               coalesce(sum(part.total * case part.status when 'WON' then 100 when 'LOST' then 0 else stage.probability end) / 100, 0) as weighted
        from (
          select t.org_id, t.stage_id, t.status, t.currency, count(*) as deals, sum(t.value) as total
          from ${viewOf(entity, 't')}
          where ${all(listConditions({ entity, scope, window, parents }))}
          group by t.org_id, t.stage_id, t.status, t.currency
        ) as part
        join read.pipeline_stages as stage on stage.org_id = part.org_id and stage.id = part.stage_id
        group by part.currency
      ) as by_currency
    ) as totals`);
}
