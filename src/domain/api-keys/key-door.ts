import type { Caller } from '../../caller.js';
import type { Database } from '../../db/index.js';
import { isUnavailable, rateLimited, unauthenticated } from '../../errors.js';
import { lru } from '../../lib/lru.js';
import { parseKey, type ParsedKey } from './key-text.js';

/** Who an API key stands for just now. @throws DomainError UNAUTHENTICATED, RATE_LIMITED, UNAVAILABLE. */
export type KeyDoor = (text: string, ip: string | null) => Promise<Caller>;

/** A revocation, expiry or demotion is felt within a second, on every instance. */
const FRESH_MS = 900;
const MOST_KEPT = 20_000;
/** Keys that do not exist, an address may try so many of a minute; then it is refused without a look. */
const MOST_WRONG = 30;
const WINDOW_MS = 60_000;

/** Asks what a key may do, at most once a second for each key. Whether a key never was or is over is answered alike. */
export function keyDoor(database: Database, now: () => number): KeyDoor {
  const known = lru<{ until: number; answer: Promise<Caller>; isGood: boolean }>(MOST_KEPT);
  const wrong = lru<{ until: number; count: number }>(MOST_KEPT);
  const noteUse = useNoter(database, now);
  return async (text, ip) => {
    const parsed = parseKey(text);
    if (!parsed) throw refused();
    const moment = performance.now();
    const name = `${parsed.orgId} ${Buffer.from(parsed.hash).toString('base64url')}`;
    const recent = known.get(name);
    if (recent && recent.until > moment) return recent.answer;
    // A key that was good a moment ago is asked about again, whatever others try from the same address.
    if (!recent?.isGood) checkAddress(wrong.get(ip ?? ''), moment);
    const answer = ask(database, parsed, () => noteWrong(ip ?? ''));
    const entry = { until: moment + FRESH_MS, answer, isGood: false };
    known.set(name, entry);
    // A database that could not be asked may be back for the next request.
    answer.catch(
      (error: unknown) => isUnavailable(error) && known.set(name, { ...entry, until: 0, isGood: recent?.isGood ?? false }),
    );
    const caller = await answer;
    entry.isGood = true;
    noteUse(caller);
    return caller;
  };

  function noteWrong(ip: string): void {
    const moment = performance.now();
    const tries = wrong.get(ip);
    wrong.set(ip, tries && tries.until > moment ? { ...tries, count: tries.count + 1 } : { until: moment + WINDOW_MS, count: 1 });
  }
}

async function ask(database: Database, { orgId, hash }: ParsedKey, onWrong: () => void): Promise<Caller> {
  const found = await database.findApiKey(orgId, hash);
  if (!found) {
    onWrong();
    throw refused();
  }
  const { keyId, userId, role, scopes } = found;
  return { orgId, userId, role, via: { kind: 'API_KEY', keyId, scopes } };
}

function checkAddress(tries: { until: number; count: number } | undefined, moment: number): void {
  if (tries && tries.until > moment && tries.count >= MOST_WRONG)
    throw rateLimited('Too many API keys that do not exist came from this address.', Math.ceil((tries.until - moment) / 1000));
}

/** Notes when keys are used, at most once a minute each; no request waits for it. */
function useNoter(database: Database, now: () => number): (caller: Caller) => void {
  const noted = lru<number>(MOST_KEPT);
  return ({ orgId, via }) => {
    if (via.kind !== 'API_KEY') return;
    const at = now();
    const last = noted.get(via.keyId);
    if (last !== undefined && at - last < WINDOW_MS) return;
    noted.set(via.keyId, at);
    const { keyId } = via;
    database
      .write(orgId, (tx) =>
        tx.apiKey.updateMany({
          where: { orgId, id: keyId, OR: [{ lastUsedAt: null }, { lastUsedAt: { lt: new Date(at - WINDOW_MS) } }] },
          data: { lastUsedAt: new Date(at) },
        }),
      )
      .catch(() => noted.set(keyId, at - WINDOW_MS));
  };
}

function refused(): Error {
  return unauthenticated('This API key does not exist, was revoked, or has expired.');
}
