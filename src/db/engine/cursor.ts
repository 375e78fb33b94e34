import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import type { KeyValues } from './order.js';

/** Seals positions in a list into opaque texts, and opens them again. */
export interface CursorSeal {
  /** @param bound what the cursor is worthless without: organization, entity, order and filter. */
  seal(values: KeyValues, bound: string): string;
  /** The position, or null for a cursor that was edited, cut, invented, made for something else, or is too old. */
  open(cursor: string, bound: string): KeyValues | null;
}

/** The seal of one organization: its cursors are worthless to every other one. */
export function sealOf(orgId: string, seal: CursorSeal): CursorSeal {
  return {
    seal: (values, bound) => seal.seal(values, `${orgId}|${bound}`),
    open: (cursor, bound) => seal.open(cursor, `${orgId}|${bound}`),
  };
}

const NONCE = 12;
const TAG = 16;
const DAY = 86_400_000;
/** The contract promises 30 days; a cursor made late in a day gets one more. */
const VALID_DAYS = 31;

/**
 * AES-256-GCM with a synthetic nonce (HMAC of content and binding, as in RFC 8452's idea): equal positions give equal
 * cursors, so that clients' caches and snapshots stay quiet, and no nonce meets two contents.
 */
export function cursorSeal(secret: string, now: () => number): CursorSeal {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'pulse cursor encryption', 32));
  const nonceKey = Buffer.from(hkdfSync('sha256', secret, '', 'pulse cursor nonce', 32));
  return {
    seal(values, bound) {
      const text = JSON.stringify([Math.floor(now() / DAY), ...values]);
      const nonce = createHmac('sha256', nonceKey).update(bound).update('\0').update(text).digest().subarray(0, NONCE);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open(cursor, bound) {
      const bytes = Buffer.from(cursor, 'base64url');
      if (bytes.length <= NONCE + TAG || bytes.toString('base64url') !== cursor) return null;
      const [day, ...values] = decrypt(key, bytes, bound) ?? [-Infinity];
      return Math.floor(now() / DAY) - Number(day) <= VALID_DAYS ? values : null;
    },
  };
}

function decrypt(key: Buffer, bytes: Buffer, bound: string): KeyValues | null {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE), { authTagLength: TAG });
    decipher.setAAD(Buffer.from(bound)).setAuthTag(bytes.subarray(-TAG));
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]).toString('utf8');
    return JSON.parse(text) as KeyValues;
  } catch {
    return null;
  }
}
