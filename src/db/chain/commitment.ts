import { createHash } from 'node:crypto';
import { canonical } from '../../lib/canonical.js';

/** SHA-256 over salt and canonical values: proves them while they are there, says nothing once they are erased. @param salt in hex. */
export function commitment(salt: string, field: string, before: unknown, after: unknown): string {
  return createHash('sha256')
    .update(Buffer.from(salt, 'hex'))
    .update(canonical([field, before ?? null, after ?? null]))
    .digest('hex');
}
