import { ROLES, type Caller, type Role } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { can } from '../permissions.js';

/** Team members are managed by role, and nobody manages somebody above. */
export function canManageUser(caller: Caller, user: { role: Role }): boolean {
  return can(caller, 'users:write') && isAtLeast(caller.role, user.role);
}

/** @throws DomainError FORBIDDEN. */
export function checkCanManageUser(caller: Caller, user: { role: Role }): void {
  if (!canManageUser(caller, user)) throw forbidden('manage this team member');
}

/** Nobody grants a role above their own. @throws DomainError FORBIDDEN. */
export function checkCanGrant(caller: Caller, role: Role): void {
  if (!can(caller, 'users:write') || !isAtLeast(caller.role, role)) throw forbidden(`make somebody ${role}`);
}

/** Invitations are for who manages the team. @throws DomainError FORBIDDEN. */
export function checkCanInvite(caller: Caller): void {
  if (!can(caller, 'users:write')) throw forbidden('invite people');
}

/** Only what is one's own can be given away. @throws DomainError FORBIDDEN. */
export function checkOwnsOrganization(caller: Caller): void {
  if (caller.role !== 'OWNER') throw forbidden('give the organization away');
}

/** Who may give a colleague's records to another one may do so with all of them. @throws DomainError FORBIDDEN. */
export function checkCanReassign(caller: Caller): void {
  if (!can(caller, 'records:writeAll')) throw forbidden('give the records of a colleague to another one');
}

function isAtLeast(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(other);
}
