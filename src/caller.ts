import { DomainError } from './errors.js';

/** What a team member may do, strongest first. */
export const ROLES = ['OWNER', 'ADMIN', 'MANAGER', 'MEMBER', 'VIEWER'] as const;

export type Role = (typeof ROLES)[number];

/**
 * Who asks, for which organization, by which right. Always an argument, never ambient: a visitor has no caller, so code
 * that forgets to check has nothing to read.
 */
export interface Caller {
  readonly orgId: string;
  readonly userId: string;
  readonly role: Role;
  readonly via: Via;
}

/** How the caller came in: a person's sign-in, or a program's API key with what it may do of what its creator may. */
export type Via = SignIn | { readonly kind: 'API_KEY'; readonly keyId: string; readonly scopes: readonly string[] };

export interface SignIn {
  readonly kind: 'SESSION';
  readonly sessionId: string;
}

/** A caller who signed in. */
export type SignedInCaller = Caller & { readonly via: SignIn };

/** The caller, for what only a person may do. @throws DomainError FORBIDDEN for an API key. */
export function checkIsSignedIn(caller: Caller): SignedInCaller {
  if (caller.via.kind !== 'SESSION') throw new DomainError('FORBIDDEN', 'An API key cannot do this. Sign in to do it.');
  return caller as SignedInCaller;
}
