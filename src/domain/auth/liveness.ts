import type { Caller, SignedInCaller } from '../../caller.js';
import type { Database } from '../../db/index.js';
import { isUnavailable, sessionEnded } from '../../errors.js';
import { lru } from '../../lib/lru.js';

/** Who a token's caller really is just now. */
export type FreshCaller = (caller: SignedInCaller) => Promise<Caller>;

/** A logout, demotion or deactivation is felt within a second, on every instance. */
const FRESH_MS = 900;
const MOST_KEPT = 20_000;

/**
 * Asks whether a session still runs and what its user may do, at most once a second for each session: an access token alone
 * would be believed until it expires.
 *
 * @throws DomainError (from the returned function) SESSION_ENDED; UNAVAILABLE when the database cannot be asked.
 */
export function freshCaller(database: Database): FreshCaller {
  const known = lru<{ until: number; answer: Promise<Caller> }>(MOST_KEPT);
  return (caller) => {
    const now = performance.now();
    const { sessionId } = caller.via;
    const recent = known.get(sessionId);
    if (recent && recent.until > now) return recent.answer;
    const answer = ask(database, caller);
    known.set(sessionId, { until: now + FRESH_MS, answer });
    // A database that could not be asked may be back for the next request.
    answer.catch((error: unknown) => isUnavailable(error) && known.set(sessionId, { until: 0, answer }));
    return answer;
  };
}

async function ask(database: Database, caller: SignedInCaller): Promise<Caller> {
  const role = await database.findSessionRole({ orgId: caller.orgId, userId: caller.userId, sessionId: caller.via.sessionId });
  if (!role) throw sessionEnded();
  return { ...caller, role };
}
