import type { Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { can } from '../permissions.js';

/** Pipelines are settings: all or none, by role. */
export function canWritePipelines(caller: Caller): boolean {
  return can(caller, 'pipelines:write');
}

/** @throws DomainError FORBIDDEN. */
export function checkCanWritePipelines(caller: Caller): void {
  if (!canWritePipelines(caller)) throw forbidden('change pipelines');
}
