import type { Reader } from '../../db/index.js';
import { unauthenticated } from '../../errors.js';
import type { UserRow } from './graph.js';

/** The signed-in user. @throws DomainError UNAUTHENTICATED when the account is gone though its token still is valid. */
export async function getViewer(reader: Reader): Promise<UserRow> {
  const viewer = await reader.find('users', reader.caller.userId);
  if (!viewer) throw unauthenticated('This account no longer exists. Sign in with another one.');
  return viewer as UserRow;
}
