import { createHmac } from 'node:crypto';
import { DomainError } from '../../errors.js';
import type { AttemptLimit, Attempts, OpenAttempts } from '../../db/index.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * What is counted, and how much of it is let in. `pair` is an account from one address; `account` the account from anywhere but
 * addresses it has signed in from before, so that nobody can lock its owner out by guessing from elsewhere; `address` everything
 * from one address. Accounts are counted by what was typed, whether there is one or not.
 */
const LIMITS = {
  loginPair: { attempts: 5, seconds: 15 * MINUTE },
  loginAccount: { attempts: 50, seconds: HOUR },
  loginAddress: { attempts: 100, seconds: 15 * MINUTE },
  refreshAddress: { attempts: 120, seconds: 5 * MINUTE },
  resetAccount: { attempts: 5, seconds: HOUR },
  resetAddress: { attempts: 30, seconds: HOUR },
  registerAccount: { attempts: 5, seconds: HOUR },
  registerAddress: { attempts: 20, seconds: HOUR },
  inviter: { attempts: 200, seconds: HOUR },
  inviteAccount: { attempts: 10, seconds: DAY },
  emailAccount: { attempts: 5, seconds: HOUR },
  linkAddress: { attempts: 60, seconds: HOUR },
  passwordUser: { attempts: 10, seconds: 15 * MINUTE },
} as const satisfies Record<string, Omit<AttemptLimit, 'name'>>;

type Limit = keyof typeof LIMITS;

/** Guessing on gets slower: each time a limit is passed within a day, the wait doubles, from half a minute to an hour. */
const FIRST_WAIT = 30;
const LONGEST_WAIT = HOUR;
const KNOWN_FOR = 90 * DAY;
/** What a wrong secret is answered with. */
const REFUSALS: readonly string[] = ['INVALID_INPUT', 'SESSION_ENDED', 'UNAUTHENTICATED'];

/** Slows guessing down. Every method throws RATE_LIMITED with `retryAfterSeconds` when there were too many attempts. */
export interface Throttle {
  /** Runs a sign-in; a failed one stays counted. */
  login<Result>(account: string, address: string | null, attempt: () => Promise<Result>): Promise<Result>;
  /** Runs something that shows a secret, and counts it when it fails. */
  guess<Result>(
    limit: 'refreshAddress' | 'linkAddress' | 'passwordUser',
    subject: string | null,
    attempt: () => Promise<Result>,
  ): Promise<Result>;
  /** Counts something that causes a mail. */
  mail(counted: Partial<Record<Limit, string | null>>): Promise<void>;
}

export interface ThrottleSettings {
  open: OpenAttempts;
  /** Keys the hashes that attempts are counted by: the table holds no address of anybody. */
  secret: string;
  /** For tests, which come from one address: how many times as much is let in. */
  scale?: number;
}

/** @see Throttle */
export function throttle(settings: ThrottleSettings): Throttle {
  const counting = countingIn(settings);
  const { count, counter, keyOf } = counting;
  return {
    login: (account, address, attempt) => countLogin(counting, account, address, attempt),
    guess: async (limit, subject, attempt) => {
      const key = keyOf(subject);
      const wait = await counter(limit).waitOf(key);
      if (wait > 0) throw tooMany(wait);
      return attempt().catch(async (error: unknown) => {
        if (error instanceof DomainError && REFUSALS.includes(error.code)) await count(limit, key);
        throw error;
      });
    },
    mail: async (counted) => {
      for (const [limit, subject] of Object.entries(counted)) await count(limit as Limit, keyOf(subject));
    },
  };
}

interface Counting {
  /** Counts an attempt. @throws DomainError RATE_LIMITED. */
  count: (limit: Limit, key: string) => Promise<void>;
  counter: (limit: Limit) => Attempts;
  /** How often limits were passed within a day. */
  waits: Attempts;
  /** From where accounts have signed in. */
  known: Attempts;
  keyOf: (...parts: (string | null)[]) => string;
}

function countingIn({ open, secret, scale = 1 }: ThrottleSettings): Counting {
  const counters = new Map(
    Object.entries(LIMITS).map(([name, { attempts, seconds }]) => [name, open({ name, attempts: attempts * scale, seconds })]),
  );
  const waits = open({ name: 'waits', attempts: Number.MAX_SAFE_INTEGER, seconds: DAY });
  const counter = (limit: Limit): Attempts => {
    const found = counters.get(limit);
    if (!found) throw new Error(`There is no limit ${limit}.`);
    return found;
  };
  return {
    counter,
    waits,
    known: open({ name: 'known', attempts: 0, seconds: KNOWN_FOR }),
    keyOf: (...parts) =>
      createHmac('sha256', secret)
        .update(JSON.stringify(['attempts', ...parts]))
        .digest('base64url'),
    count: async (limit, key) => {
      const { count, isOver, waitMs } = await counter(limit).count(key);
      if (!isOver) return;
      if (count > LIMITS[limit].attempts * scale + 1) throw tooMany(waitMs);
      const { count: times } = await waits.count(`${limit} ${key}`);
      const seconds = Math.min(FIRST_WAIT * 2 ** (times - 1), LONGEST_WAIT);
      await counter(limit).block(key, seconds);
      throw tooMany(seconds * 1000);
    },
  };
}

/** Counts before the password is looked at, so that many at once are many; and takes back what was no guess. */
async function countLogin<Result>(
  { count, counter, waits, known, keyOf }: Counting,
  account: string,
  address: string | null,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const [pair, from, name] = [keyOf(account, address), keyOf(address), keyOf(account)];
  const isKnown = (await known.waitOf(pair)) > 0;
  const counted: [Limit, string][] = [
    ['loginAddress', from],
    ['loginPair', pair],
    ...(isKnown ? [] : ([['loginAccount', name]] as [Limit, string][])),
  ];
  for (const [limit, key] of counted) await count(limit, key);
  const takeBack = (): Promise<unknown> => Promise.all(counted.map(([limit, key]) => counter(limit).takeBack(key)));
  const result = await attempt().catch(async (error: unknown) => {
    // Only a wrong password counts: nobody is kept out because the server was busy.
    if (!isGuess(error)) await takeBack();
    throw error;
  });
  await takeBack();
  await Promise.all([counter('loginPair').forget(pair), waits.forget(`loginPair ${pair}`), known.count(pair)]);
  return result;
}

function isGuess(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'INVALID_CREDENTIALS';
}

function tooMany(waitMs: number): DomainError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new DomainError('RATE_LIMITED', 'There were too many attempts. Wait a while, then try again.', { retryAfterSeconds });
}

/** An address as it is counted: of IPv6 the network of a household or a server (RFC 6177), because each has very many. */
export function countedAddress(ip: string | null): string | null {
  if (!ip?.includes(':') || ip.startsWith('::ffff:')) return ip?.replace('::ffff:', '') ?? null;
  const [head = '', tail] = ip.split('::');
  const groups = tail === undefined ? head.split(':') : [...head.split(':'), '0', '0', '0', '0'];
  return groups.slice(0, 4).join(':');
}
