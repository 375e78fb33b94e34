import { createHmac } from 'node:crypto';
import { systemCaller, type Caller } from '../../caller.js';
import { noteFacts, type Database } from '../../db/index.js';
import { coalescer } from '../../lib/coalesce.js';
import type { Origin } from './sessions.js';
import { countedAddress } from './throttle.js';

/** Who was refused something, and from where. */
export interface Refusal {
  kind: 'SIGN_IN_FAILED' | 'DENIED';
  /** Whose account, or which key. */
  about: { table: 'users' | 'api_keys'; id: string };
  /** Who was refused; Pulse itself where nobody has shown who they are. */
  by: Caller;
  origin: Origin;
}

/** Somebody who showed something that belongs to no organization. */
export interface Stranger {
  reason: 'UNKNOWN_ACCOUNT' | 'UNKNOWN_KEY';
  /** What was typed. */
  account: string | null;
  ip: string | null;
}

/**
 * Tells of what was refused, in the background: in the organization's audit, and where there is no organization in a log of its own. Coalesced, so
 * that nobody who makes mistakes on purpose keeps an organization from writing, or fills the database.
 */
export interface Refusals {
  /** Returns at once. */
  note(refusal: Refusal): void;
  /** Returns at once. */
  noteStranger(stranger: Stranger): void;
  /** Tells what is counted, and waits until all is told. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface RefusalSettings {
  database: Pick<Database, 'write' | 'scope' | 'noteSigninFailure'>;
  /** Keys the hashes of what strangers typed. */
  secret: string;
  /** Is told when something could not be told. */
  complain: (error: unknown) => void;
}

/** In a minute, for each organization and kind, and for each address of strangers; then one that says how many more there were. */
const FIRST = 3;
const SPAN_MS = 60_000;
const MOST_ORGANIZATIONS = 10_000;
const MOST_ADDRESSES = 100;

/** @see Refusals */
export function refusals({ database, secret, complain }: RefusalSettings): Refusals {
  const span = { first: FIRST, spanMs: SPAN_MS };
  const known = coalescer<Refusal>({
    ...span,
    mostKinds: MOST_ORGANIZATIONS,
    kindOf: ({ kind, by }) => `${by.orgId} ${kind}`,
    other: (refusal) => refusal,
    tell: (refusal, times) => tell(database, refusal, times).catch(complain),
  });
  const strangers = coalescer<Stranger>({
    ...span,
    mostKinds: MOST_ADDRESSES,
    kindOf: ({ reason, ip }) => `${reason} ${countedAddress(ip) ?? ''}`,
    other: ({ reason }) => ({ reason, account: null, ip: null }),
    tell: ({ reason, account, ip }, times) =>
      database.noteSigninFailure({ reason, ip, times, account: times === 1 ? hashed(secret, account) : null }).catch(complain),
  });
  return {
    note: (refusal) => known.add(refusal),
    noteStranger: (stranger) => strangers.add(stranger),
    flush: async () => void (await Promise.all([known.flush(), strangers.flush()])),
    close: async () => void (await Promise.all([known.close(), strangers.close()])),
  };
}

/** @see AppSettings.tellRefusals */
export const untoldRefusals: Refusals = {
  note: () => undefined,
  noteStranger: () => undefined,
  flush: async () => undefined,
  close: async () => undefined,
};

/** A wrong password for an account that is there. */
export function failedSignIn(user: { orgId: string; userId: string }, origin: Origin): Refusal {
  return { kind: 'SIGN_IN_FAILED', about: { table: 'users', id: user.userId }, by: systemCaller(user.orgId), origin };
}

/** Something that a caller may not do, or that the scopes of a key do not reach. */
export function denied(by: Caller, origin: Origin): Refusal {
  const about =
    by.via.kind === 'API_KEY' ? { table: 'api_keys' as const, id: by.via.keyId } : { table: 'users' as const, id: by.userId };
  return { kind: 'DENIED', about, by, origin };
}

async function tell(database: RefusalSettings['database'], { kind, about, by, origin }: Refusal, times: number): Promise<void> {
  const values = times > 1 ? [{ field: 'times', before: null, after: times }] : [];
  await database.write(by.orgId, (tx) => noteFacts(tx, database, { caller: by, origin }, [{ action: kind, ...about, values }]));
}

function hashed(secret: string, account: string | null): string | null {
  if (account === null) return null;
  const typed = JSON.stringify(['signin-failures', account.trim().toLowerCase()]);
  return createHmac('sha256', secret).update(typed).digest('base64url');
}
