import { createHmac } from 'node:crypto';
import bcrypt from 'bcrypt';

/** One way to store passwords. What is stored begins with the scheme's prefix, so that several can live side by side. */
export interface Scheme {
  readonly prefix: string;
  hash(password: string): Promise<string>;
  /** Takes as long as a hash made today, also for one that was made cheaper. */
  matches(password: string, hash: string): Promise<boolean>;
  /** A hash nothing matches; comparing with it takes as long as with any other. */
  readonly nobodys: string;
  /** Whether a hash was made with less work than is asked for now. */
  isOutdated(hash: string): boolean;
}

export interface BcryptSettings {
  /** Key of the pre-hash; without it stolen hashes cannot be tried. */
  pepper: string;
  /** bcrypt's cost: each step doubles the time; 12 takes about 0.2 s. */
  cost: number;
}

/** bcrypt over a keyed pre-hash (HMAC-SHA-384): bcrypt itself reads only 72 bytes, and stops at a NUL. */
export function bcryptScheme({ pepper, cost }: BcryptSettings): Scheme {
  const prehash = (password: string): string => createHmac('sha384', pepper).update(password.normalize('NFKC')).digest('base64');
  return {
    prefix: '$2b$',
    nobodys: emptyHash(cost),
    hash: (password) => bcrypt.hash(prehash(password), cost),
    matches: async (password, hash) => {
      const input = prehash(password);
      const equal = await bcrypt.compare(input, hash);
      // The time that is missing: 2^c + 2^c + 2^(c+1) + … + 2^(cost-1) = 2^cost.
      for (let missing = costOf(hash); missing < cost; missing += 1) await bcrypt.compare(input, emptyHash(missing));
      return equal;
    },
    isOutdated: (hash) => costOf(hash) < cost,
  };
}

function costOf(hash: string): number {
  return Number(hash.split('$')[2]);
}

/** Well-formed, or bcrypt would return at once and so betray that the account does not exist; the hash of nothing anybody types. */
function emptyHash(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(22)}${'.'.repeat(31)}`;
}
