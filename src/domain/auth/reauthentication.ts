import { checkIsSignedIn, type Caller, type SignedInCaller } from '../../caller.js';
import type { Reader } from '../../db/index.js';
import { invalid } from '../../errors.js';
import { getViewer } from '../users/users.js';
import type { AuthDoor } from './auth.js';

/** What a request that takes a password brings along. */
interface Request<Info> {
  caller: Caller;
  reader: Reader;
  door: AuthDoor;
  /** A key would keep a hash of the password for a day. */
  refuseIdempotency(info: Info): void;
}

/**
 * Asks somebody for their password once more, for a mutation that is dear to whoever finds an open device. Wrong ones are counted.
 *
 * @param checkMay whether they may do it at all: asked before the password is.
 * @throws DomainError INVALID_INPUT (also for `@idempotent`), FORBIDDEN, RATE_LIMITED.
 */
export async function reauthenticate<Info>(
  request: Request<Info>,
  info: Info,
  currentPassword: string,
  checkMay: (caller: SignedInCaller) => void = () => undefined,
): Promise<SignedInCaller> {
  const caller = checkIsSignedIn(request.caller);
  request.refuseIdempotency(info);
  checkMay(caller);
  const viewer = await getViewer(request.reader);
  await request.door.throttle.guess('passwordUser', caller.userId, () =>
    checkCurrentPassword(request.door, caller, viewer, currentPassword),
  );
  return caller;
}

/** What changes who can sign in asks for the password once more. @throws DomainError INVALID_INPUT. */
export async function checkCurrentPassword(
  door: AuthDoor,
  caller: SignedInCaller,
  { email }: { email: string },
  password: string,
): Promise<void> {
  const found = await door.database.findLogin(email);
  const hash = found?.userId === caller.userId ? found.passwordHash : null;
  const matches = await door.passwords.matches(password, hash);
  if (!matches) throw invalid(['currentPassword'], 'This is not your password.', 'WRONG_PASSWORD');
}
