import { createHash, randomBytes } from 'node:crypto';
import { isUuid } from '../../lib/uuid.js';

/** What an API key's text says: where to look, and what to look for. */
export interface ParsedKey {
  orgId: string;
  hash: Uint8Array<ArrayBuffer>;
}

const PREFIX = 'pk';
const SECRET_BYTES = 32;
const HINT_LENGTH = 4;

/** A new key: its organization and 256 random bits. */
export function makeKey(orgId: string): { text: string; hash: Uint8Array<ArrayBuffer>; hint: string } {
  const secret = randomBytes(SECRET_BYTES);
  const text = `${PREFIX}_${orgId}_${secret.toString('base64url')}`;
  return { text, hash: hashOf(secret), hint: text.slice(-HINT_LENGTH) };
}

/** Whether a bearer token is meant as an API key: never an access token, whatever follows. */
export function looksLikeKey(token: string): boolean {
  return token.startsWith(`${PREFIX}_`);
}

/** The parts of a text that is written as our keys are; null for any other. */
export function parseKey(text: string): ParsedKey | null {
  const [, orgId = '', encoded = ''] = /^pk_([0-9a-fA-F-]{36})_([\w-]{43})$/.exec(text) ?? [];
  const secret = Buffer.from(encoded, 'base64url');
  // One spelling only: the last character of 43 has bits that no byte needs.
  if (!isUuid(orgId) || secret.length !== SECRET_BYTES || secret.toString('base64url') !== encoded) return null;
  return { orgId: orgId.toLowerCase(), hash: hashOf(secret) };
}

/** Of 256 random bits: nothing to guess, so nothing slower is needed. */
function hashOf(secret: Buffer): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(secret).digest());
}
