import type { Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { canWriteRecord } from '../permissions.js';
import type { ActivityRow } from './graph.js';

/** What one wrote down or has to do oneself, or all by role. */
export function canWriteActivity(caller: Caller, activity: Pick<ActivityRow, 'ownerId' | 'userId'>): boolean {
  return canWriteRecord(caller, 'activities', [activity.ownerId, activity.userId]);
}

/** @throws DomainError FORBIDDEN. */
export function checkCanWriteActivity(caller: Caller, activity: Pick<ActivityRow, 'ownerId' | 'userId'>): void {
  if (!canWriteActivity(caller, activity)) throw forbidden('change this activity: it belongs to a colleague');
}
