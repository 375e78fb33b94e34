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

/**
 * How the caller came in: a person's sign-in, or a program's API key with what it may do of what its creator may. SYSTEM comes in by
 * no door: it is Pulse itself (`systemCaller`).
 */
export type Via =
  SignIn | { readonly kind: 'API_KEY'; readonly keyId: string; readonly scopes: readonly string[] } | { readonly kind: 'SYSTEM' };

export interface SignIn {
  readonly kind: 'SESSION';
  readonly sessionId: string;
}

/** A caller who signed in. */
export type SignedInCaller = Caller & { readonly via: SignIn };

/** Who nobody is: the nil UUID (RFC 9562, 5.9), which no user has. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Pulse itself, for what nobody asks for at that moment. Its facts name no user. */
export function systemCaller(orgId: string): Caller {
  return { orgId, userId: NOBODY, role: 'OWNER', via: { kind: 'SYSTEM' } };
}

/** The caller, for what only a person may do. @throws DomainError FORBIDDEN for an API key. */
export function checkIsSignedIn(caller: Caller): SignedInCaller {
  if (caller.via.kind !== 'SESSION') throw new DomainError('FORBIDDEN', 'An API key cannot do this. Sign in to do it.');
  return caller as SignedInCaller;
}
