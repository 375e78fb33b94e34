import { checkIsSignedIn, type Caller, type SignedInCaller } from '../../caller.js';
import { forbidden, invalid } from '../../errors.js';
import { SCOPES, type Scope } from '../../scopes.js';
import { can, grants } from '../permissions.js';

/** One's own keys, or all by role. */
export function canSeeAllKeys(caller: Caller): boolean {
  return can(caller, 'users:write');
}

/** @throws DomainError FORBIDDEN. */
export function checkCanRevokeKey(caller: Caller, key: { userId: string }): void {
  checkIsSignedIn(caller);
  if (key.userId !== caller.userId && !canSeeAllKeys(caller)) throw forbidden('revoke this API key: it belongs to a colleague');
}

/** That scopes are some of ours, and none that the maker's role does not have. @throws DomainError INVALID_INPUT, FORBIDDEN. */
export function checkCanGrant(caller: SignedInCaller, scopes: readonly string[]): readonly Scope[] {
  if (scopes.length === 0) throw invalid(['input', 'scopes'], `A key needs scopes: ${SCOPES.join(', ')}.`, 'REQUIRED');
  scopes.forEach((scope, index) => {
    if (!(SCOPES as readonly string[]).includes(scope))
      throw invalid(['input', 'scopes', index], `There is no such scope. There are: ${SCOPES.join(', ')}.`, 'INVALID');
    if (!grants(caller, scope as Scope)) throw forbidden(`make a key that can do more than you: ${scope}`);
  });
  return [...new Set(scopes as Scope[])].sort();
}
