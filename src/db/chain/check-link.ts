import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { commitment } from './commitment.js';
import { ERASED, IP } from './form.js';
import type { Link, StoredValue } from './links.js';

/** What can be wrong with a chain (SDL enum AuditFaultReason says what each means). */
export type FaultReason =
  | 'MISSING_FACT'
  | 'BROKEN_LINK'
  | 'EDITED_FACT'
  | 'EDITED_VALUE'
  | 'MISSING_VALUE'
  | 'UNKNOWN_VALUE'
  | 'EDITED_ADDRESS'
  | 'EDITED_ERASURE'
  | 'WRONG_COUNT'
  | 'OTHER_THAN_ANCHOR';

/** What a fact says of itself, and the facts that vouch for what is missing of it. */
export interface Checked {
  fault: FaultReason | null;
  /** Numbers of the erasures that its missing values are listed under: they have to be looked at too. */
  erasedBy: number[];
}

/** Checks a fact on its own; whether it follows the one before is for who walks the chain. */
export function checkLink(link: Link): Checked {
  const fault = isEdited(link) ? 'EDITED_FACT' : null;
  if (fault) return { fault, erasedBy: [] };
  const changes = JSON.parse(link.changes) as Record<string, string>;
  const values = JSON.parse(link.values ?? '{}') as Record<string, StoredValue>;
  const erased = JSON.parse(link.erased ?? '{}') as Record<string, number>;
  if (link.digest !== (changes[ERASED] ?? null)) return { fault: 'EDITED_ERASURE', erasedBy: [] };
  return { fault: valuesFault(link, changes, values, erased), erasedBy: [...new Set(Object.values(erased))] };
}

/** Whether a fact is not what its hash was made of. */
export function isEdited({ prev, hash, form }: Link): boolean {
  return createHash('sha256').update(Buffer.from(prev, 'hex')).update(form).digest('hex') !== hash;
}

function valuesFault(
  link: Link,
  changes: Record<string, string>,
  values: Record<string, StoredValue>,
  erased: Record<string, number>,
): FaultReason | null {
  // Without a salt stand the facts' own statements, such as @erased; of these only @ip has a value.
  const fields = Object.keys(changes).filter((field) => field === IP || !field.startsWith('@'));
  const known = new Set(fields);
  for (const field of fields) {
    const value = values[field];
    if (!value && !((erased[field] ?? 0) > Number(link.seq))) return 'MISSING_VALUE';
    if (value && commitment(value.salt, field, value.before, value.after) !== changes[field]) return 'EDITED_VALUE';
  }
  if (Object.keys(values).some((field) => !known.has(field) || field in erased)) return 'UNKNOWN_VALUE';
  if (Object.keys(erased).some((field) => !known.has(field))) return 'EDITED_ERASURE';
  return sameAddress(link.ip, values[IP]?.after ?? null) ? null : 'EDITED_ADDRESS';
}

/** As PostgreSQL writes it and as it came in: of IPv6 the same address can be written in several ways. */
function sameAddress(shown: string | null, told: unknown): boolean {
  return normal(shown) === normal(told);
}

function normal(address: unknown): unknown {
  return typeof address === 'string' && isIPv6(address) ? new URL(`http://[${address}]`).hostname : address;
}
