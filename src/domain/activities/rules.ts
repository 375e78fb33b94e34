import type { Caller } from '../../caller.js';
import { canWriteRecord } from '../permissions.js';
import type { ActivityRow } from './graph.js';

/** What one wrote down or has to do oneself, or all by role. */
export function canWriteActivity(caller: Caller, activity: Pick<ActivityRow, 'ownerId' | 'userId'>): boolean {
  return canWriteRecord(caller, [activity.ownerId, activity.userId]);
}
