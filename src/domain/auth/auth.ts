import type { SignedInCaller } from '../../caller.js';
import type { Login } from '../../db/index.js';
import { invalid, invalidCredentials } from '../../errors.js';
import type { MailTokens } from './mail-tokens.js';
import type { Passwords } from './passwords.js';
import { failedSignIn, type Refusals } from './refusals.js';
import { refreshSession } from './refreshing.js';
import { startSession, type Issued, type Origin, type SessionSettings, type Visit } from './sessions.js';
import type { Throttle } from './throttle.js';
import type { AccessToken, Tokens } from './tokens.js';

export { checkCurrentPassword, reauthenticate } from './reauthentication.js';
export type { Device, Visit } from './sessions.js';
export type { MailTokenRow, MailTokens } from './mail-tokens.js';

/** What signing in works with. */
export interface AuthDoor extends SessionSettings {
  passwords: Passwords;
  tokens: Tokens;
  mailTokens: MailTokens;
  throttle: Throttle;
  refusals: Refusals;
}

/** A session as it goes to the client. */
export interface SignedIn extends AccessToken {
  caller: SignedInCaller;
  refreshToken: string;
  /** When the session ends, however much it is used. */
  sessionExpires: Date;
}

/**
 * Signs in: a new session. Unknown e-mail, wrong password and inactive account are answered alike, in the same time.
 *
 * @throws DomainError INVALID_CREDENTIALS, INVALID_INPUT, RATE_LIMITED.
 */
export async function login(door: AuthDoor, input: { email: string; password: string }, visit: Visit): Promise<SignedIn> {
  if (input.email.includes('\0')) {
    throw invalid(['input', 'email'], 'An e-mail address contains no NUL character.', 'NUL_CHARACTER');
  }
  const found = await door.database.findLogin(input.email.trim());
  const matches = await door.passwords.matches(input.password, found?.passwordHash ?? null);
  if (!found || !matches) {
    if (found) door.refusals.note(failedSignIn(found, visit));
    else door.refusals.noteStranger({ reason: 'UNKNOWN_ACCOUNT', account: input.email, ip: visit.ip });
    throw invalidCredentials();
  }
  if (door.passwords.isOutdated(found.passwordHash)) renewHash(door, found, input.password);
  return signedIn(door, await startSession(door, found, visit));
}

/** Signs somebody in who has shown in another way who they are. */
export async function signInAs(door: AuthDoor, user: { orgId: string; userId: string }, visit: Visit): Promise<SignedIn> {
  return signedIn(door, await startSession(door, user, visit));
}

/**
 * For a link that was used already, by somebody whose answer was lost: the password that was chosen with it signs in again.
 * Null for another one.
 */
export async function signInAgain(
  door: AuthDoor,
  who: { email: string; orgId: string; password: string },
  visit: Visit,
): Promise<SignedIn | null> {
  const found = await door.database.findLogin(who.email);
  const matches = await door.passwords.matches(who.password, found?.orgId === who.orgId ? found.passwordHash : null);
  return found && matches ? signInAs(door, found, visit) : null;
}

/** Goes on with a session. @throws DomainError SESSION_ENDED, UNAUTHENTICATED. */
export async function refresh(door: AuthDoor, refreshToken: string, origin: Origin): Promise<SignedIn> {
  return signedIn(door, await refreshSession(door, refreshToken, origin));
}

/**
 * Hashes a known password as passwords are hashed today. Nobody waits for it, and when it does not work out there is a next
 * time; a password that was changed meanwhile stays as it is.
 */
function renewHash(door: AuthDoor, login: Login, password: string): void {
  door.passwords
    .hash(password)
    .then((hash) => door.database.renewHash(login, hash))
    .catch(() => undefined);
}

async function signedIn(door: AuthDoor, { session, refreshToken, sessionExpires }: Issued): Promise<SignedIn> {
  const role = await door.database.findSessionRole(session);
  if (!role) throw invalidCredentials();
  const { sessionId, ...owner } = session;
  const caller: SignedInCaller = { ...owner, role, via: { kind: 'SESSION', sessionId } };
  return { caller, refreshToken, sessionExpires, ...door.tokens.sign(caller) };
}
