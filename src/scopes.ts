import type { Caller } from './caller.js';
import { DomainError } from './errors.js';

/** What API keys can be given, by kind of record. Everything else is for people who signed in. */
export const SCOPES = [
  'activities:read',
  'activities:write',
  'companies:read',
  'companies:write',
  'contacts:read',
  'contacts:write',
  'deals:read',
  'deals:write',
  'organization:read',
  'pipelines:read',
  'pipelines:write',
  'users:read',
] as const;

export type Scope = (typeof SCOPES)[number];

/** What a scope is about: the first half of its name. */
export type Resource = Scope extends `${infer Name}:${string}` ? Name : never;

export type Verb = 'read' | 'write';

/** Whether an API key has a scope; writing includes reading. A person who signed in is not bound by scopes. */
export function hasScope({ via }: Caller, resource: Resource, verb: Verb): boolean {
  return via.kind !== 'API_KEY' || [verb, 'write'].some((granted) => via.scopes.includes(`${resource}:${granted}`));
}

/**
 * That a caller may read or write a kind of record at all. What a key lacks is told by name: it is no secret to the key's owner.
 *
 * @param resource null: nothing an API key can be given.
 * @throws DomainError FORBIDDEN.
 */
export function checkScope(caller: Caller, resource: Resource | null, verb: Verb): void {
  if (caller.via.kind !== 'API_KEY') return;
  if (resource === null) throw new DomainError('FORBIDDEN', 'An API key cannot do this. Sign in to do it.');
  if (!hasScope(caller, resource, verb))
    throw new DomainError('FORBIDDEN', `This API key lacks the scope ${resource}:${verb}. Make one that has it (createApiKey).`);
}
