import type { Caller } from '../../caller.js';
import { canWriteRecord } from '../permissions.js';
import type { CompanyRow } from './graph.js';

/** Own and unowned ones, or all by role. */
export function canWriteCompany(caller: Caller, company: Pick<CompanyRow, 'ownerId'>): boolean {
  return canWriteRecord(caller, [company.ownerId]);
}
