import { checkIsSignedIn, type Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { can } from '../permissions.js';

/** How long things are kept is for owners and admins who signed in. @throws DomainError FORBIDDEN. */
export function checkCanManageRetention(caller: Caller): void {
  checkIsSignedIn(caller);
  if (!can(caller, 'privacy:write')) throw forbidden('see or change how long things are kept');
}
