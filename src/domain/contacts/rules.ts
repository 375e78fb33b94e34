import type { Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { canWriteRecord } from '../permissions.js';
import type { ContactRow } from './graph.js';

/** Own and unowned ones, or all by role. */
export function canWriteContact(caller: Caller, contact: Pick<ContactRow, 'ownerId'>): boolean {
  return canWriteRecord(caller, 'contacts', [contact.ownerId]);
}

/** @throws DomainError FORBIDDEN. */
export function checkCanWriteContact(caller: Caller, contact: Pick<ContactRow, 'ownerId'>): void {
  if (!canWriteContact(caller, contact)) throw forbidden('change this contact: it belongs to a colleague');
}
