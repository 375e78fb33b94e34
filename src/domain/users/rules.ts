import type { Caller } from '../../caller.js';
import { can } from '../permissions.js';

/** Team members are managed by role. */
export function canWriteUsers(caller: Caller): boolean {
  return can(caller, 'users:write');
}
