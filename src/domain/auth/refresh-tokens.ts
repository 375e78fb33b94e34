import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { isUuid } from '../../lib/uuid.js';

/** A refresh token's two parts: where to look, and what nobody can guess. */
export interface ParsedToken {
  orgId: string;
  hash: Uint8Array<ArrayBuffer>;
  secret: Buffer;
}

const PREFIX = 'prt';
const SECRET_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A new token: its organization and 256 random bits. */
export function makeRefreshToken(orgId: string): string {
  return `${PREFIX}.${orgId}.${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** The parts of a text that looks like one of ours; null for any other. */
export function parseRefreshToken(token: string): ParsedToken | null {
  const [prefix, orgId = '', text = '', ...rest] = token.split('.');
  const secret = Buffer.from(text, 'base64url');
  if (prefix !== PREFIX || rest.length > 0 || !isUuid(orgId) || secret.length !== SECRET_BYTES) return null;
  return { orgId: orgId.toLowerCase(), secret, hash: hashOf(secret) };
}

/** A successor under a key that only who has the token can make: a dump of the database opens nothing. */
export function sealSuccessor(secret: Buffer, successor: string): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', sealKey(secret), nonce);
  const sealed = Buffer.concat([cipher.update(successor, 'utf8'), cipher.final()]);
  return Uint8Array.from(Buffer.concat([nonce, sealed, cipher.getAuthTag()]));
}

/** @see sealSuccessor */
export function openSuccessor(secret: Buffer, bytes: Uint8Array): string {
  const sealed = Buffer.from(bytes);
  const decipher = createDecipheriv('aes-256-gcm', sealKey(secret), sealed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
}

function hashOf(secret: Buffer): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(secret).digest());
}

function sealKey(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'pulse refresh token successor', 32));
}
