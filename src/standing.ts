import type { Caller } from './caller.js';
import type { Database } from './db/index.js';
import { keyDoor } from './domain/api-keys/key-door.js';
import { looksLikeKey } from './domain/api-keys/key-text.js';
import type { AuthDoor } from './domain/auth/auth.js';
import { freshCaller } from './domain/auth/liveness.js';
import { DomainError } from './errors.js';

/** Who a request is from just now, or why what it shows is of no use; neither for a visitor. */
export interface Standing {
  caller: Caller | null;
  refusal: DomainError | null;
}

/** Who a bearer token, shown from an address, stands for. Never throws what the client did wrong: public fields do not care. */
export function standingOf(database: Database, door: AuthDoor): (token: string | null, ip: string | null) => Promise<Standing> {
  const fresh = freshCaller(database);
  const byKey = keyDoor(database, door.now);
  const callerOf = async (token: string, ip: string | null): Promise<Caller | null> => {
    if (looksLikeKey(token)) return byKey(token, ip).catch(noteStranger(door, ip));
    const caller = door.tokens.verify(token);
    return caller && fresh(caller);
  };
  return async (token, ip) => {
    try {
      return { caller: token === null ? null : await callerOf(token, ip), refusal: null };
    } catch (error) {
      if (error instanceof DomainError) return { caller: null, refusal: error };
      throw error;
    }
  };
}

/** A key that never was, or is over. */
function noteStranger({ refusals }: AuthDoor, ip: string | null): (error: unknown) => never {
  return (error) => {
    if (error instanceof DomainError && error.code === 'UNAUTHENTICATED')
      refusals.noteStranger({ reason: 'UNKNOWN_KEY', account: null, ip });
    throw error;
  };
}
