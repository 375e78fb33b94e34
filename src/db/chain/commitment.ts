import { hash } from 'node:crypto';
import { canonical } from '../../lib/canonical.js';

/** SHA-256 over salt and canonical values: proves them while they are there, says nothing once they are erased. @param salt in hex. */
export function commitment(salt: string, field: string, before: unknown, after: unknown): string {
  const values = Buffer.from(canonical([field, before ?? null, after ?? null]));
  return hash('sha256', Buffer.concat([Buffer.from(salt, 'hex'), values]), 'hex');
}
