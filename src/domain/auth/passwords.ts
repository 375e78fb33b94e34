import { availableParallelism } from 'node:os';
import { invalid, rateLimited, type FieldError } from '../../errors.js';
import { openLanes } from '../../lib/lanes.js';
import { bcryptScheme, type BcryptSettings, type Scheme } from './bcrypt-scheme.js';

export interface Passwords {
  /**
   * The hash of a password somebody chose: the only way to one for a person.
   *
   * @param names the person's and the organization's names and e-mail address, which have no place in it.
   * @param path of the input field it was typed into.
   * @throws DomainError INVALID_INPUT for a weak one, RATE_LIMITED.
   */
  hashChosen(password: string, names: readonly string[], path: FieldError['path']): Promise<string>;
  /** The hash of a password that was not chosen by anybody: the demo's. */
  hash(password: string): Promise<string>;
  /** Takes equally long whether there is a hash to compare with (null: no such account) or not. @throws DomainError RATE_LIMITED. */
  matches(password: string, hash: string | null): Promise<boolean>;
  /** Whether a hash should be made anew now that its password is known. */
  isOutdated(hash: string): boolean;
}

export interface PasswordSettings extends BcryptSettings {
  /** Characters a chosen password has at least. */
  leastLength: number;
}

const LONGEST = 4096;
/** Of libuv's four threads; one is left for everything else, and no more than there are cores. */
const LANES = Math.min(3, availableParallelism());
/** What would wait for longer than a few seconds is better told to come back. */
const MOST_WAITING = 40;

/**
 * Hashing, with as much at a time as the machine can bear. Which scheme a stored hash belongs to, its prefix says: another one
 * (argon2id) goes to the front of `schemes`, and each account moves to it when it next signs in.
 */
export function passwords(settings: PasswordSettings): Passwords {
  const schemes: [Scheme, ...Scheme[]] = [bcryptScheme(settings)];
  const [current] = schemes;
  const schemeOf = (hash: string): Scheme | undefined => schemes.find(({ prefix }) => hash.startsWith(prefix));
  const inLane = openLanes(LANES, MOST_WAITING, () => rateLimited('Too many people are signing in just now.', 2));
  const hash = (password: string): Promise<string> => inLane(() => current.hash(password));
  return {
    hash,
    hashChosen: async (password, names, path) => {
      checkLength(password, path);
      // Its list of common passwords is loaded when somebody chooses one.
      const { checkPasswordStrength } = await import('./password-strength.js');
      checkPasswordStrength(password, { leastLength: settings.leastLength, names }, path);
      return hash(password);
    },
    matches: async (password, stored) => {
      checkLength(password, ['input', 'password']);
      const scheme = stored === null ? undefined : schemeOf(stored);
      const equal = await inLane(() => (scheme ?? current).matches(password, scheme && stored ? stored : current.nobodys));
      return equal && scheme !== undefined;
    },
    isOutdated: (stored) => schemeOf(stored) !== current || current.isOutdated(stored),
  };
}

function checkLength(password: string, path: FieldError['path']): void {
  if (password.length > LONGEST) throw invalid(path, `A password has at most ${LONGEST} characters.`, 'TOO_LONG');
}
