import type { Caller, Role } from '../caller.js';
import { forbidden } from '../errors.js';

/**
 * Who may do what: the one table. All roles read; who reads even what is a colleague's where members see only their own is
 * `records:readAll`. Rooms' rules.ts add what a table cannot say. `records` are contacts, companies, deals and
 * activities.
 */
const PERMISSIONS = {
  'records:readAll': ['OWNER', 'ADMIN', 'MANAGER'],
  'records:writeOwn': ['OWNER', 'ADMIN', 'MANAGER', 'MEMBER'],
  'records:writeAll': ['OWNER', 'ADMIN', 'MANAGER'],
  'tags:write': ['OWNER', 'ADMIN', 'MANAGER'],
  'pipelines:write': ['OWNER', 'ADMIN'],
  'rates:write': ['OWNER', 'ADMIN'],
  'users:write': ['OWNER', 'ADMIN'],
  'schema:read': ['OWNER', 'ADMIN'],
  'organization:write': ['OWNER', 'ADMIN'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;

/** SDL type RecordPermissions. */
export interface RecordPermissions {
  update: boolean;
  delete: boolean;
  restore: boolean;
}

/** Whether the caller's role grants a permission. */
export function can(caller: Caller, permission: Permission): boolean {
  return (PERMISSIONS[permission] as readonly Role[]).includes(caller.role);
}

/** Whether the caller may write a record that belongs to one of `owners`; one that belongs to nobody is everybody's. */
export function canWriteRecord(caller: Caller, owners: readonly (string | null)[]): boolean {
  if (can(caller, 'records:writeAll')) return true;
  const taken = owners.filter((owner) => owner !== null);
  return can(caller, 'records:writeOwn') && (taken.length === 0 || taken.includes(caller.userId));
}

/** Whether the caller may make records at all. @throws DomainError FORBIDDEN. */
export function checkCanCreate(caller: Caller): void {
  if (!can(caller, 'records:writeOwn')) throw forbidden('change records');
}

/** The same answer for every verb on a record. */
export function permissionsFor(allowed: boolean): RecordPermissions {
  return { update: allowed, delete: allowed, restore: allowed };
}
