import type { Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { can } from '../permissions.js';

/** Exchange rates are settings: all or none, by role. */
export function canWriteRates(caller: Caller): boolean {
  return can(caller, 'rates:write');
}

/** @throws DomainError FORBIDDEN. */
export function checkCanWriteRates(caller: Caller): void {
  if (!canWriteRates(caller)) throw forbidden('change exchange rates');
}
