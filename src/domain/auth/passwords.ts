import { createHmac } from 'node:crypto';
import bcrypt from 'bcrypt';
import { DomainError, invalid } from '../../errors.js';

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes equally long whether there is a hash to compare with (null: no such account) or not. */
  matches(password: string, hash: string | null): Promise<boolean>;
}

export interface PasswordSettings {
  /** Key of the pre-hash; without it stolen hashes cannot be tried. */
  pepper: string;
  /** bcrypt's cost: each step doubles the time; 12 takes about 0.2 s. */
  cost: number;
}

const LONGEST = 4096;
/** libuv hashes on four threads; what waits behind them for longer than a few seconds is better told to come back. */
const MOST_WAITING = 40;

/** bcrypt over a keyed pre-hash: bcrypt itself reads only 72 bytes, and stops at a NUL. */
export function passwords({ pepper, cost }: PasswordSettings): Passwords {
  let waiting = 0;
  const prehash = (password: string): string => createHmac('sha384', pepper).update(password.normalize('NFKC')).digest('base64');
  const queued = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (waiting >= MOST_WAITING) {
      throw new DomainError('RATE_LIMITED', 'Too many people are signing in just now. Try again in a moment.', {
        retryAfterSeconds: 2,
      });
    }
    waiting += 1;
    return work().finally(() => (waiting -= 1));
  };
  return {
    hash: (password) => queued(() => bcrypt.hash(prehash(checkLength(password)), cost)),
    matches: async (password, hash) => {
      const input = prehash(checkLength(password));
      const equal = await queued(() => bcrypt.compare(input, hash ?? nobodysHash(cost)));
      return equal && hash !== null;
    },
  };
}

function checkLength(password: string): string {
  if (password.length > LONGEST)
    throw invalid(['input', 'password'], `A password has at most ${LONGEST} characters.`, 'TOO_LONG');
  return password;
}

/** Well-formed, or bcrypt would return at once and so betray that the account does not exist; the hash of nothing anybody types. */
function nobodysHash(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(22)}${'.'.repeat(31)}`;
}
