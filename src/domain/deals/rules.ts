import type { Caller } from '../../caller.js';
import { canWriteRecord } from '../permissions.js';
import type { DealRow } from './graph.js';

/** Own and unowned ones, or all by role. */
export function canWriteDeal(caller: Caller, deal: Pick<DealRow, 'ownerId'>): boolean {
  return canWriteRecord(caller, [deal.ownerId]);
}
