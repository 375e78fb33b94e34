import { createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { ROLES, type Role, type SignedInCaller } from '../../caller.js';
import { lru } from '../../lib/lru.js';
import { isUuid } from '../../lib/uuid.js';

/** A signed access token and when it ends, in milliseconds since 1970. */
export interface AccessToken {
  token: string;
  expiresAt: number;
}

export interface Tokens {
  sign(caller: SignedInCaller): AccessToken;
  /** The caller a token was signed for, or null for any token that is not exactly one of ours and valid now. */
  verify(token: string): SignedInCaller | null;
}

/** A key that signs access tokens, and the name tokens know it by (`kid`). */
export interface TokenKey {
  id: string;
  secret: string;
}

export interface TokenSettings {
  /** The first one signs, all of them verify: so keys are exchanged while tokens of the old one are still about. */
  keys: readonly [TokenKey, ...TokenKey[]];
  lifetimeSeconds: number;
  now: () => number;
}

/** Tokens whose signature was found good, at most. */
const MOST_SEEN = 20_000;

const ALGORITHM = 'HS256';
const ISSUER = 'pulse-crm';
const AUDIENCE = 'pulse-crm/graphql';
/** RFC 9068: an access token says so, and is not mistaken for another kind. */
const TYPE = 'at+jwt';
/** The name of the key that is the secret itself. */
export const DEFAULT_KEY_ID = '1';

/** JSON Web Tokens with algorithm, type, key id, issuer and audience pinned (RFC 8725). */
export function tokens({ keys, lifetimeSeconds, now }: TokenSettings): Tokens {
  // KeyObjects: with a string, jsonwebtoken imports the key at every call.
  const known = new Map(keys.map(({ id, secret }) => [id, createSecretKey(secret, 'utf8')]));
  const [{ id: kid, secret }] = keys;
  const signing = createSecretKey(secret, 'utf8');
  // A client shows the same token until it expires: its signature is checked once.
  const seen = lru<{ caller: SignedInCaller; expires: number }>(MOST_SEEN);
  return {
    sign: (caller) => {
      const issuedAt = Math.floor(now() / 1000);
      const expiresAt = issuedAt + lifetimeSeconds;
      const claims = {
        sub: caller.userId,
        sid: caller.via.sessionId,
        org: caller.orgId,
        role: caller.role,
        iat: issuedAt,
        exp: expiresAt,
        iss: ISSUER,
        aud: AUDIENCE,
      };
      return {
        token: jwt.sign(claims, signing, { algorithm: ALGORITHM, header: { alg: ALGORITHM, typ: TYPE, kid } }),
        expiresAt: expiresAt * 1000,
      };
    },
    verify: (token) => {
      const found = seen.get(token);
      if (found && found.expires > Math.floor(now() / 1000)) return found.caller;
      const payload = verified(token, known, now);
      const caller = payload ? callerOf(payload) : null;
      if (caller && payload?.exp !== undefined) seen.set(token, { caller, expires: payload.exp });
      return caller;
    },
  };
}

function verified(token: string, known: ReadonlyMap<unknown, KeyObject>, now: () => number): jwt.JwtPayload | null {
  try {
    const key = known.get(jwt.decode(token, { complete: true })?.header.kid);
    if (!key) return null;
    const clockTimestamp = Math.floor(now() / 1000);
    const { header, payload } = jwt.verify(token, key, {
      complete: true,
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      clockTimestamp,
    });
    return header.typ === TYPE && typeof payload === 'object' && typeof payload.exp === 'number' ? payload : null;
  } catch {
    return null;
  }
}

function callerOf(payload: jwt.JwtPayload): SignedInCaller | null {
  const { sub, org, sid, role } = payload as Record<string, unknown>;
  const ids = [sub, org, sid].every((id) => typeof id === 'string' && isUuid(id));
  if (!ids || !ROLES.includes(role as Role)) return null;
  const via = { kind: 'SESSION', sessionId: sid as string } as const;
  return { userId: sub as string, orgId: org as string, role: role as Role, via };
}
