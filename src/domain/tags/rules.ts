import type { Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { can } from '../permissions.js';

/** What concerns the contacts of everybody is for those who may write all of them. @throws DomainError FORBIDDEN. */
export function checkCanWriteTags(caller: Caller): void {
  if (!can(caller, 'tags:write')) throw forbidden('change tags for everybody');
}
