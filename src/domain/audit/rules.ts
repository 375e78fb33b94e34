import type { Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { can } from '../permissions.js';

/** The audit tells of all records and of everybody: for those who see all and manage the team. @throws DomainError FORBIDDEN. */
export function checkCanReadAudit(caller: Caller): void {
  if (!can(caller, 'audit:read')) throw forbidden('read the audit');
}
