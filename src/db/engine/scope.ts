import { sql } from 'kysely';
import type { Entity } from '../graph.js';
import { column, type Sql } from './sql.js';

/** Which rows of an organization can be part of an answer, before any filter of the client. */
export interface Scope {
  orgId: string;
  /** False only in the test that shows that PostgreSQL alone keeps tenants apart. */
  tenantFilter: boolean;
}

/** Whether deleted rows take part (SDL enum DeletedScope); undefined: they do not. */
export type Deleted = 'WITH' | 'ONLY' | undefined;

/** Tenant and soft delete: in every statement the engine writes, here and nowhere else. */
export function scopeConditions(entity: Entity, alias: string, scope: Scope, deleted: Deleted): Sql[] {
  const conditions: Sql[] = [];
  if (scope.tenantFilter) conditions.push(sql`${sql.ref(`${alias}.${entity.tenant}`)} = ${scope.orgId}`);
  if (entity.softDelete && deleted !== 'WITH') {
    const isDeleted = deleted === 'ONLY' ? sql`is not null` : sql`is null`;
    conditions.push(sql`${column(alias, 'deletedAt')} ${isDeleted}`);
  }
  return conditions;
}
