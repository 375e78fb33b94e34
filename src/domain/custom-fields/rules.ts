import type { Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { can } from '../permissions.js';

/** What records have is a setting: all or none, by role. */
export function canWriteCustomFields(caller: Caller): boolean {
  return can(caller, 'customFields:write');
}

/** @throws DomainError FORBIDDEN. */
export function checkCanWriteCustomFields(caller: Caller): void {
  if (!canWriteCustomFields(caller)) throw forbidden('change custom fields');
}
