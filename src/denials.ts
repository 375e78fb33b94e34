import { denied, type Refusals } from './domain/auth/refusals.js';
import type { Onlooker } from './graphql/outcome.js';

/** Tells the audit of what a known caller was not allowed to do. */
export function denials(refusals: Pick<Refusals, 'note'>): Onlooker {
  return ({ caller, ip, requestId, operation, codes }) => {
    if (caller && codes.includes('FORBIDDEN')) refusals.note(denied(caller, { requestId, ip, operation }));
  };
}
