import { createHmac, hkdfSync } from 'node:crypto';
import type { PrivacySettings } from '../../db/index.js';

/**
 * Keyed hashes of addresses and numbers: who has the database and not the secret cannot try addresses against them, and the same
 * person has another one in each organization. With another SECRET_KEY nobody is known again.
 */
export function fingerprints(secret: string): PrivacySettings['fingerprint'] {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'pulse erased people', 32));
  return (orgId, text) => new Uint8Array(createHmac('sha256', key).update(`${orgId.toLowerCase()} ${text}`).digest());
}
