import type { Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { can } from '../permissions.js';

/** Name and settings are for those who run the organization. @throws DomainError FORBIDDEN. */
export function checkCanWriteOrganization(caller: Caller): void {
  if (!can(caller, 'organization:write')) throw forbidden('change the organization');
}

/** Only an owner decides whether there is an organization. @throws DomainError FORBIDDEN. */
export function checkCanDeleteOrganization(caller: Caller): void {
  if (caller.role !== 'OWNER') throw forbidden('have the organization deleted, or keep it: its owner can');
}
