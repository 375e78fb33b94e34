import type { Caller } from '../../caller.js';
import type { Database } from '../../db/index.js';
import { invalid, invalidCredentials } from '../../errors.js';
import type { Passwords } from './passwords.js';
import type { AccessToken, Tokens } from './tokens.js';

/** What signing in works with. */
export interface AuthDoor {
  database: Database;
  passwords: Passwords;
  tokens: Tokens;
  now: () => number;
}

export interface SignedIn extends AccessToken {
  caller: Caller;
}

/**
 * Signs in. Unknown e-mail, wrong password and inactive account are answered alike, in the same time.
 *
 * @throws DomainError INVALID_CREDENTIALS, INVALID_INPUT, RATE_LIMITED.
 */
export async function login(door: AuthDoor, input: { email: string; password: string }): Promise<SignedIn> {
  if (input.email.includes('\0'))
    throw invalid(['input', 'email'], 'An e-mail address contains no NUL character.', 'NUL_CHARACTER');
  const found = await door.database.findLogin(input.email.trim());
  const matches = await door.passwords.matches(input.password, found?.passwordHash ?? null);
  if (!found || !matches) throw invalidCredentials();
  const caller: Caller = { orgId: found.orgId, userId: found.userId, role: found.role };
  await recordLogin(door, caller);
  return { caller, ...door.tokens.sign(caller) };
}

async function recordLogin({ database, now }: AuthDoor, { orgId, userId }: Caller): Promise<void> {
  await database.write(orgId, (tx) =>
    tx.user.updateMany({ where: { orgId, id: userId }, data: { lastLoginAt: new Date(now()) } }),
  );
}
