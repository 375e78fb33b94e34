import type { Caller, Role } from '../caller.js';
import { forbidden } from '../errors.js';
import { hasScope, SCOPES, type Resource, type Scope } from '../scopes.js';

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
  'customFields:write': ['OWNER', 'ADMIN'],
  'rates:write': ['OWNER', 'ADMIN'],
  'consentPurposes:write': ['OWNER', 'ADMIN'],
  'users:write': ['OWNER', 'ADMIN'],
  'privacy:write': ['OWNER', 'ADMIN'],
  'schema:read': ['OWNER', 'ADMIN'],
  'organization:write': ['OWNER', 'ADMIN'],
  'audit:read': ['OWNER', 'ADMIN'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;

/** SDL type RecordPermissions. */
export interface RecordPermissions {
  update: boolean;
  delete: boolean;
  restore: boolean;
}

/** Whether the caller's role grants a permission, and an API key's scopes do not take it away. */
export function can(caller: Caller, permission: Permission): boolean {
  return (PERMISSIONS[permission] as readonly Role[]).includes(caller.role) && isWithinKey(caller, permission);
}

/** Whether the caller's role has all that a scope stands for, so that a key of theirs may have it. */
export function grants(caller: Caller, scope: Scope): boolean {
  const [resource, verb] = scope.split(':') as [Resource, string];
  if (verb === 'read') return true;
  return can(caller, resource === 'pipelines' ? 'pipelines:write' : 'records:writeOwn');
}

/** Of records, a key's scopes are asked for by kind, where their kind is known; what is no scope at all is for people. */
function isWithinKey(caller: Caller, permission: Permission): boolean {
  if (caller.via.kind !== 'API_KEY' || permission.startsWith('records:')) return true;
  return (SCOPES as readonly string[]).includes(permission) && hasScope(caller, permission.split(':')[0] as Resource, 'write');
}

/** Whether the caller may write a record that belongs to one of `owners`; one that belongs to nobody is everybody's. */
export function canWriteRecord(caller: Caller, resource: Resource, owners: readonly (string | null)[]): boolean {
  if (!hasScope(caller, resource, 'write')) return false;
  if (can(caller, 'records:writeAll')) return true;
  const taken = owners.filter((owner) => owner !== null);
  return can(caller, 'records:writeOwn') && (taken.length === 0 || taken.includes(caller.userId));
}

/** Whether the caller may make records at all; for an API key, of which kind, the writer asks. */
export function canCreate(caller: Caller, resource: Resource): boolean {
  return can(caller, 'records:writeOwn') && hasScope(caller, resource, 'write');
}

/** @throws DomainError FORBIDDEN for a role that may not make records. */
export function checkCanCreate(caller: Caller): void {
  if (!can(caller, 'records:writeOwn')) throw forbidden('change records');
}

/** SDL type ViewerPermissions: what the caller may do beside reading, before it comes to single records. */
export function permissionsOf(caller: Caller): Record<(typeof QUESTIONS)[number][0], boolean> {
  return Object.fromEntries(QUESTIONS.map(([name, ask]) => [name, ask(caller)])) as ReturnType<typeof permissionsOf>;
}

const QUESTIONS = [
  ['canCreateActivities', (caller: Caller) => canCreate(caller, 'activities')],
  ['canCreateCompanies', (caller: Caller) => canCreate(caller, 'companies')],
  ['canCreateContacts', (caller: Caller) => canCreate(caller, 'contacts')],
  ['canCreateDeals', (caller: Caller) => canCreate(caller, 'deals')],
  ['canReadAllRecords', (caller: Caller) => can(caller, 'records:readAll')],
  ['canWriteAllRecords', (caller: Caller) => can(caller, 'records:writeAll')],
  ['canManagePipelines', (caller: Caller) => can(caller, 'pipelines:write')],
  ['canManageUsers', (caller: Caller) => can(caller, 'users:write')],
  ['canManageOrganization', (caller: Caller) => can(caller, 'organization:write')],
  ['canManageConsentPurposes', (caller: Caller) => can(caller, 'consentPurposes:write')],
  ['canManageExchangeRates', (caller: Caller) => can(caller, 'rates:write')],
  ['canManageTags', (caller: Caller) => can(caller, 'tags:write')],
  ['canManagePrivacy', (caller: Caller) => can(caller, 'privacy:write')],
  ['canReadSchema', (caller: Caller) => can(caller, 'schema:read')],
  ['canCreateApiKeys', (caller: Caller) => caller.via.kind === 'SESSION'],
] as const;

/** The same answer for every verb on a record. */
export function permissionsFor(allowed: boolean): RecordPermissions {
  return { update: allowed, delete: allowed, restore: allowed };
}
