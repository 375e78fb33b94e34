import type { Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { can } from '../permissions.js';

/** What people are asked for is a setting: all or none, by role. */
export function canWritePurposes(caller: Caller): boolean {
  return can(caller, 'consentPurposes:write');
}

/** @throws DomainError FORBIDDEN. */
export function checkCanWritePurposes(caller: Caller): void {
  if (!canWritePurposes(caller)) throw forbidden('change what people are asked to consent to');
}
