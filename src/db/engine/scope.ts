import { sql } from 'kysely';
import type { Caller } from '../../caller.js';
import type { CustomFieldDefinition } from '../custom-fields.js';
import { checkScope } from '../../scopes.js';
import { entityOf, type Entity, type Graph } from '../graph.js';
import { all, any, column, OPENINGS, viewOf, type Fillings, type Opening, type Sql } from './sql.js';

/** Which rows of an organization can be part of an answer, before any filter of the client. */
export interface Scope {
  orgId: string | Opening | Sql;
  /** Who asks: in whose time zone days begin. */
  userId: string | Opening;
  /** False only in the test that shows that PostgreSQL alone keeps tenants apart. */
  tenantFilter: boolean;
  /** Whose own records alone may be visible; null for a role that sees all. */
  onlyOf: string | Opening | Sql | null;
  /** That an API key may read an entity at all. @throws DomainError FORBIDDEN. */
  checkMayRead: (entity: Entity) => void;
  graph: Graph;
  /**
   * The organization's custom fields, once they were read. Only for what names one (`customFieldsOf` in db/reader.ts): what is compiled with
   * them is this organization's alone, and is not kept.
   */
  customFields?: readonly CustomFieldDefinition[];
  /** What "now" means in the whole answer, for filters and fields alike; as RFC 3339. */
  now: string | Opening;
}

/** Whether deleted rows take part (SDL enum DeletedScope); undefined: they do not. */
export type Deleted = 'WITH' | 'ONLY' | undefined;

/** What decides a caller's scope beside the caller. */
export interface ScopeSettings {
  graph: Graph;
  tenantFilter: boolean;
  /** Whether a caller's role sees all records, whatever the organization has set. */
  seesAll: (caller: Caller) => boolean;
}

/** Whoever asks as this caller does: with statements that can be kept, for others who may see the same kinds of things. */
export function openScopeOf(caller: Caller, settings: ScopeSettings): { scope: Scope; fillings: Fillings; now: Date } {
  const { orgId, userId, now } = OPENINGS;
  const scope = scopeOf(caller, settings);
  const moment = new Date();
  return {
    scope: { ...scope, orgId, userId, now, onlyOf: scope.onlyOf && userId },
    fillings: { orgId: caller.orgId, userId: caller.userId, now: moment.toISOString(), parents: [], given: [] },
    now: moment,
  };
}

/**
 * A scope whose organization and user the planner does not see. Seen, they make a plan for this caller seem better than the one that serves all wherever
 * organizations differ in size, and PostgreSQL then plans the statement anew for every request: for a statement as long as a search that takes
 * longer than to carry it out (https://www.postgresql.org/docs/current/sql-prepare.html, Notes). For statements whose plan follows from how they are written.
 */
export function unplanned(scope: Scope): Scope {
  const { orgId, onlyOf } = scope;
  return { ...scope, orgId: sql`(select ${orgId}::uuid)`, onlyOf: onlyOf && sql`(select ${onlyOf}::uuid)` };
}

/** The scope of a caller. */
export function scopeOf(caller: Caller, { graph, tenantFilter, seesAll }: ScopeSettings): Scope {
  const { orgId, userId } = caller;
  const checkMayRead = (entity: Entity): void => checkScope(caller, entity.scope ?? null, 'read');
  return {
    orgId,
    userId,
    tenantFilter,
    graph,
    checkMayRead,
    onlyOf: seesAll(caller) ? null : userId,
    now: new Date().toISOString(),
  };
}

/**
 * Tenant, visibility and soft delete: in every statement the engine writes, here and nowhere else.
 *
 * @throws DomainError FORBIDDEN for an API key that may not read the entity.
 */
export function scopeConditions(entity: Entity, alias: string, scope: Scope, deleted: Deleted): Sql[] {
  const conditions: Sql[] = [];
  if (scope.tenantFilter) conditions.push(sql`${sql.ref(`${alias}.${entity.tenant}`)} = ${scope.orgId}`);
  if (entity.softDelete && deleted !== 'WITH') {
    const isDeleted = deleted === 'ONLY' ? sql`is not null` : sql`is null`;
    conditions.push(sql`${column(alias, 'deletedAt')} ${isDeleted}`);
  }
  const visible = visibleCondition(entity, alias, scope);
  return visible ? [...conditions, visible] : conditions;
}

/**
 * What a member or viewer sees where the organization's setting `visibility` is anything but ORGANIZATION; null when no condition is needed. The
 * setting is read in the same statement, so that changing it is felt at once; PostgreSQL reads it once a statement.
 *
 * @throws DomainError FORBIDDEN for an API key that may not read the entity.
 */
export function visibleCondition(entity: Entity, alias: string, scope: Scope): Sql | null {
  const { onlyOf, graph } = scope;
  scope.checkMayRead(entity);
  if (onlyOf === null || !entity.visibility) return null;
  const openToAll = sql`(select coalesce(settings ->> 'visibility', 'ORGANIZATION') = 'ORGANIZATION' from read.organizations)`;
  return any([openToAll, ...ownConditions(entity, alias, onlyOf, graph)]);
}

/**
 * That what a field refers to is visible; null when it always is. A reference to a hidden record reads null, so a filter must
 * not find it either.
 */
export function referenceCondition(entity: Entity, alias: string, field: string, scope: Scope): Sql | null {
  const relation = Object.values(entity.toOne).find(({ key }) => key === field);
  const target = relation && entityOf(scope.graph, relation.entity);
  const inner = `${alias}_${field}`;
  const visible = target ? visibleCondition(target, inner, scope) : null;
  if (!target || !visible) return null;
  const same = [
    sql`${sql.ref(`${inner}.org_id`)} = ${sql.ref(`${alias}.org_id`)}`,
    sql`${column(inner, 'id')} = ${column(alias, field)}`,
  ];
  return sql`exists (select from ${viewOf(target, inner)} where ${all([...same, visible])})`;
}

function ownConditions(entity: Entity, alias: string, userId: string | Opening | Sql, graph: Graph): Sql[] {
  const { own = [], unowned, through = [] } = entity.visibility ?? {};
  const theirs = own.map((field) => sql`${column(alias, field)} = ${userId}::uuid`);
  const nobodys = unowned ? [sql`${column(alias, unowned)} is null`] : [];
  const related = through.map((name) => {
    const relation = entity.toOne[name];
    if (!relation) throw new Error(`${entity.table} declares no relation ${name}.`);
    const target = entityOf(graph, relation.entity);
    const inner = `${alias}_${name}`;
    const reachable = [
      sql`${sql.ref(`${inner}.org_id`)} = ${sql.ref(`${alias}.org_id`)}`,
      sql`${column(inner, 'id')} = ${column(alias, relation.key)}`,
      sql`${column(inner, 'deletedAt')} is null`,
      any(ownConditions(target, inner, userId, graph)),
    ];
    return sql`exists (select from ${viewOf(target, inner)} where ${all(reachable)})`;
  });
  return [...theirs, ...nobodys, ...related];
}
