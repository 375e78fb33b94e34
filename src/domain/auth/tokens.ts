import { createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { ROLES, type Role, type SignedInCaller } from '../../caller.js';
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

export interface TokenSettings {
  secret: string;
  lifetimeSeconds: number;
  now: () => number;
}

const ALGORITHM = 'HS256';
const ISSUER = 'pulse-crm';
const AUDIENCE = 'pulse-crm/graphql';
/** RFC 9068: an access token says so, and is not mistaken for another kind. */
const TYPE = 'at+jwt';
const KEY_ID = '1';

/** JSON Web Tokens with algorithm, type, key id, issuer and audience pinned (RFC 8725). */
export function tokens({ secret, lifetimeSeconds, now }: TokenSettings): Tokens {
  // A KeyObject: with a string, jsonwebtoken imports the key at every call.
  const key = createSecretKey(secret, 'utf8');
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
        token: jwt.sign(claims, key, { algorithm: ALGORITHM, header: { alg: ALGORITHM, typ: TYPE, kid: KEY_ID } }),
        expiresAt: expiresAt * 1000,
      };
    },
    verify: (token) => {
      const payload = verified(token, key, now);
      return payload ? callerOf(payload) : null;
    },
  };
}

function verified(token: string, key: KeyObject, now: () => number): jwt.JwtPayload | null {
  try {
    const clockTimestamp = Math.floor(now() / 1000);
    const { header, payload } = jwt.verify(token, key, {
      complete: true,
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      clockTimestamp,
    });
    return header.typ === TYPE && header.kid === KEY_ID && typeof payload === 'object' && typeof payload.exp === 'number'
      ? payload
      : null;
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
