import { sql } from 'kysely';
import type { Entity } from '../graph.js';
import { listConditions, parentsTable, type Parents } from './page.js';
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
 * won, 0 % when lost. Amounts leave as text: inside JSON, numeric would become a float.
 */
export function totalsStatement(entity: Entity, window: Window, scope: Scope, parents: Parents | null): Statement {
  return compile(sql`
    select parent.id as "$parent", totals.list as "totals"
    from ${parentsTable(parents)}
    cross join lateral (
      select coalesce(json_agg(json_build_object('currency', currency, 'count', deals, 'sum', total::text,
                                                 'weightedSum', weighted::text) order by currency), '[]') as list
      from (
        select t.currency, count(*)::int as deals, coalesce(sum(t.value), 0) as total,
               coalesce(sum(t.value * case t.status when 'WON' then 100 when 'LOST' then 0 else stage.probability end) / 100, 0) as weighted
        from ${viewOf(entity, 't')}
        join read.pipeline_stages as stage on stage.org_id = t.org_id and stage.id = t.stage_id
        where ${all(listConditions({ entity, scope, window, parents }))}
        group by t.currency
      ) as by_currency
    ) as totals`);
}
