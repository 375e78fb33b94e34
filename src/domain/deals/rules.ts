import type { Caller } from '../../caller.js';
import { forbidden, invalid } from '../../errors.js';
import { canWriteRecord } from '../permissions.js';
import type { DealRow } from './graph.js';

/** Own and unowned ones, or all by role. */
export function canWriteDeal(caller: Caller, deal: Pick<DealRow, 'ownerId'>): boolean {
  return canWriteRecord(caller, 'deals', [deal.ownerId]);
}

/** @throws DomainError FORBIDDEN. */
export function checkCanWriteDeal(caller: Caller, deal: Pick<DealRow, 'ownerId'>): void {
  if (!canWriteDeal(caller, deal)) throw forbidden('change this deal: it belongs to a colleague');
}

/** Nothing has happened with it for as long as its stage allows. */
export function isRotting(deal: Pick<DealRow, 'rotsAt'>, now: Date): boolean {
  return deal.rotsAt !== null && new Date(deal.rotsAt) <= now;
}

/** An organization that lists reasons has deals closed with one of those; one that lists none takes any. @throws DomainError INVALID_INPUT. */
export function checkIsListed(reason: string, listed: readonly string[]): void {
  if (listed.length === 0 || listed.includes(reason)) return;
  throw invalid(['input', 'reason'], `Choose one of the reasons in the settings: ${listed.join(', ')}.`, 'NOT_LISTED');
}

/** Closed deals stay where they are. @throws DomainError INVALID_INPUT. */
export function checkIsOpen(deal: Pick<DealRow, 'status'>): void {
  if (deal.status !== 'OPEN') throw invalid(['id'], `This deal is ${deal.status.toLowerCase()}. Reopen it first.`, 'CLOSED');
}
