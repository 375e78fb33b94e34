import { sql } from 'kysely';
import type { Sql } from '../engine/sql.js';

/**
 * What the hash of a fact covers (docs/decisions/0033-the-chain.md), of the row under the alias `l`. The same list stands in the
 * database's function audit_form, which the verification does not ask: it would say whatever its owner made it say.
 */
export const FORM: Sql = sql`jsonb_build_array(
  1, l.org_id, l.id, l.seq, l.change_id, l.actor_kind, l.user_id, l.api_key_id, l.action, l.entity_type, l.entity_id, l.entity_version, l.changes,
  l.request_id, l.operation, to_char(l.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text`;

/** The actions of facts that tell of erased values, and of a restored backup. */
export const ERASE_VALUES = 'ERASE_VALUES';
export const RESTORE_BACKUP = 'RESTORE_BACKUP';

/** Of `changes` of an erasure: the digest of what it lists. */
export const ERASED = '@erased';

/** Of `changes` of a restored backup: what it came back to, signed (restores.ts). */
export const RESTORED = '@restored';

/** Name of the value that holds the caller's address. The column `ip_address` repeats it for reading and is outside what the chain covers. */
export const IP = '@ip';

/** What the first fact has in the place of the hash before it: SHA-256 of nothing. */
export const BEFORE_ALL = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
