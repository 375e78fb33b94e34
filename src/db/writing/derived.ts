import { sql } from 'kysely';
import type { Scope } from '../engine/scope.js';
import { compile, type Sql, type Statement } from '../engine/sql.js';
import { columnOf, type Entity } from '../graph.js';
import { run, type Desk } from './locks.js';

/** So many at once that a statement stays far below its time limit: each row is in all indexes of deals. */
const DEALS_AT_ONCE = 10_000;

/**
 * Dates anew when open deals of a pipeline go stale, after the days of its stages changed; some at a time, those that are right
 * already left alone. Repeated until it changes none. Every other change of a deal does the same by a trigger.
 */
export async function redateRot({ tx, scope }: Desk, pipelineId: string): Promise<void> {
  const { text, values } = redateRotStatement(scope, pipelineId);
  while ((await tx.$executeRawUnsafe(text, ...values)) > 0);
}

/** Dates when the last activity of records was, seen by the caller or not; one change after the other. @param key that activities refer to them by. */
export async function dateLastActivity({ tx, scope }: Desk, entity: Entity, key: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await run(tx, settleStatement(entity, scope, ids));
  await run(tx, lastActivityStatement(entity, key, scope, ids));
}

function redateRotStatement(scope: Scope, pipelineId: string): Statement {
  const rotsAt = sql`public.deal_rots_at(d.status, d.stage_entered_at, d.last_activity_at, s.days_to_rot)`;
  const same = scope.tenantFilter ? sql`d.org_id = ${scope.orgId}::uuid and` : sql``;
  return compile(sql`
    update public.deals as t set rots_at = wrong.rots_at
    from (
      select d.org_id, d.id, ${rotsAt} as rots_at
      from public.deals as d join public.pipeline_stages as s on s.org_id = d.org_id and s.id = d.stage_id
      where ${same} d.pipeline_id = ${pipelineId}::uuid and d.status = 'OPEN' and d.rots_at is distinct from ${rotsAt}
      order by d.id limit ${sql.raw(String(DEALS_AT_ONCE))} for no key update of d
    ) as wrong
    where t.org_id = wrong.org_id and t.id = wrong.id`);
}

/** Locks records that are about to get derived columns, seen by the caller or not, so that they are derived one by one. */
function settleStatement(entity: Entity, scope: Scope, ids: readonly string[]): Statement {
  return compile(
    sql`select from ${sql.id('public', entity.table)} as t where ${chosen(scope, ids)} order by t.id for no key update of t`,
  );
}

/**
 * Dates when something last happened with contacts or deals: when the newest of their activities was noted or done. Settle
 * them before, in a statement of its own: this one then sees every activity that was committed by those who settled earlier.
 *
 * @param key field of an activity that holds their id.
 */
function lastActivityStatement(entity: Entity, key: string, scope: Scope, ids: readonly string[]): Statement {
  const latest = sql`(
    select max(greatest(a.created_at, a.completed_at)) from public.activities as a
    where a.org_id = t.org_id and a.${sql.id(columnOf(key))} = t.id and a.deleted_at is null)`;
  return compile(sql`
    update ${sql.id('public', entity.table)} as t set last_activity_at = ${latest}
    where ${chosen(scope, ids)} and t.last_activity_at is distinct from ${latest}`);
}

function chosen(scope: Scope, ids: readonly string[]): Sql {
  const those = sql`t.id = any(${ids}::uuid[])`;
  return scope.tenantFilter ? sql`t.org_id = ${scope.orgId}::uuid and ${those}` : those;
}
