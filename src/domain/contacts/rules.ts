import type { Caller } from '../../caller.js';
import { canWriteRecord } from '../permissions.js';
import type { ContactRow } from './graph.js';

/** Own and unowned ones, or all by role. */
export function canWriteContact(caller: Caller, contact: Pick<ContactRow, 'ownerId'>): boolean {
  return canWriteRecord(caller, [contact.ownerId]);
}
