import { checkIsSignedIn, type Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';
import { can } from '../permissions.js';

/** What people can ask for is done by owners and admins who signed in. */
export function canManagePrivacy(caller: Caller): boolean {
  return caller.via.kind === 'SESSION' && can(caller, 'privacy:write');
}

/** @throws DomainError FORBIDDEN. */
export function checkCanManagePrivacy(caller: Caller): void {
  checkIsSignedIn(caller);
  if (!canManagePrivacy(caller)) throw forbidden('do this with the data of a person');
}
