import type { Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { can } from '../permissions.js';

/** Name and settings are for those who run the organization. @throws DomainError FORBIDDEN. */
export function checkCanWriteOrganization(caller: Caller): void {
  if (!can(caller, 'organization:write')) throw forbidden('change the organization');
}
