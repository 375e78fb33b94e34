import { checkIsSignedIn, type Caller } from '../../caller.js';
import { forbidden } from '../../errors.js';

/** All that an organization has is its owners' to take along. @throws DomainError FORBIDDEN. */
export function checkCanExportOrganization(caller: Caller): void {
  checkIsSignedIn(caller);
  if (caller.role !== 'OWNER') throw forbidden('export the organization: its owner can');
}
