import { sql } from 'kysely';
import { parentsTable } from './list.js';
import type { Scope } from './scope.js';
import { compile, type Opening, type Sql, type Statement } from './sql.js';

/** A stay of a deal in a stage, which may be gone since. */
export interface VisitRow {
  stageId: string;
  /** What the stage is called, or was when it was last seen. */
  name: string | null;
  pipelineId: string;
  enteredAt: string;
  /** When it went on to another stage. */
  leftAt: string | null;
  /** Who brought it there; null where nothing tells. */
  byId: string | null;
}

const MOST_VISITS = 100;

/**
 * The latest stays of each deal, the first of them first: runs of its history in the same stage. Ask only for deals that were
 * found through the reader: whoever sees a deal sees where it has been.
 */
export function visitsStatement(scope: Scope, dealIds: readonly string[] | Opening): Statement {
  const of = (alias: string): Sql => (scope.tenantFilter ? sql`${sql.ref(`${alias}.org_id`)} = ${scope.orgId}::uuid` : sql`true`);
  return compile(sql`
    select parent.id as "$parent", visit.stage_id as "stageId", visit.pipeline_id as "pipelineId", visit.at as "enteredAt",
           visit.left_at as "leftAt", fact.user_id as "byId", coalesce(stage.name, (
             select former ->> 'name'
             from public.pipeline_history as p cross join lateral jsonb_array_elements(p.stages) as former
             where ${of('p')} and p.pipeline_id = visit.pipeline_id and former ->> 'id' = visit.stage_id::text
             order by p.at desc, p.seq desc limit 1)) as name
    from ${parentsTable({ key: 'id', ids: dealIds })}
    cross join lateral (
      select arrival.*, lead(arrival.at) over (order by arrival.at, arrival.seq) as left_at
      from (
        select h.at, h.seq, h.stage_id, h.pipeline_id, lag(h.stage_id) over (order by h.at, h.seq) as came_from
        from public.deal_history as h where ${of('h')} and h.deal_id = parent.id
      ) as arrival
      where arrival.came_from is distinct from arrival.stage_id
      order by arrival.at desc, arrival.seq desc limit ${sql.lit(MOST_VISITS)}
    ) as visit
    left join read.pipeline_stages as stage on ${of('stage')} and stage.id = visit.stage_id
    left join read.audit_logs as fact on ${of('fact')} and fact.seq = visit.seq and visit.seq > 0
    order by parent.id, visit.at, visit.seq`);
}
