import type { Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { canWriteRecord } from '../permissions.js';
import type { CompanyRow } from './graph.js';

/** Own and unowned ones, or all by role. */
export function canWriteCompany(caller: Caller, company: Pick<CompanyRow, 'ownerId'>): boolean {
  return canWriteRecord(caller, 'companies', [company.ownerId]);
}

/** @throws DomainError FORBIDDEN. */
export function checkCanWriteCompany(caller: Caller, company: Pick<CompanyRow, 'ownerId'>): void {
  if (!canWriteCompany(caller, company)) throw forbidden('change this company: it belongs to a colleague');
}
