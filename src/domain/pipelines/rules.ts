import type { Caller } from '../../caller.js';
import { can } from '../permissions.js';

/** Pipelines are settings: all or none, by role. */
export function canWritePipelines(caller: Caller): boolean {
  return can(caller, 'pipelines:write');
}
