import type { Client } from 'pg';
import { signatures, type Signatures } from '../../lib/signatures.js';
import { BEFORE_ALL, RESTORE_BACKUP, RESTORED } from './form.js';

/** A chain went back to an earlier fact, because a backup was restored. */
export interface Restored {
  organizationId: string;
  /** Number and hash of the last fact in the backup; 0 when there was none. */
  seq: number;
  hash: string;
  /** When the backup was made, and when it was restored: ISO 8601, UTC. */
  backupAt: string;
  restoredAt: string;
}

/** Signs what restored chains came back to; the key follows from the server's secret. */
export function restoreSignatures(secret: string): Signatures<Restored> {
  return signatures<Restored>(secret, 'pulse restored chains', 'pulse-restored-chain');
}

/** So many organizations a statement. */
const AT_ONCE = 500;

/** Writes into every organization's chain that it comes from a backup. @param client the owner's, in a transaction. */
export async function noteRestore(client: Client, backupAt: string, sign: Signatures<Restored>['sign']): Promise<void> {
  const { rows } = await client.query<Restored>(HEADS, [backupAt, BEFORE_ALL]);
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const noted = rows.slice(start, start + AT_ONCE).map((restored) => ({ org: restored.organizationId, told: sign(restored) }));
    await client.query(NOTE, [JSON.stringify(noted), RESTORE_BACKUP, RESTORED]);
  }
}

/** What a chain says of backups that were restored, as far as it is signed and stands where it says: oldest first. */
export async function restoresOf(client: Client, orgId: string, verify: Signatures<Restored>['verify']): Promise<Restored[]> {
  const { rows } = await client.query<{ seq: number; prev: string; told: string | null }>(
    `SELECT seq::int, encode(prev_hash, 'hex') AS prev, changes ->> $3 AS told FROM public.audit_logs
      WHERE org_id = $1 AND action = $2 ORDER BY seq`,
    [orgId, RESTORE_BACKUP, RESTORED],
  );
  return rows.flatMap(({ seq, prev, told }) => {
    const restored = verify(told ?? '');
    const stands = restored?.organizationId === orgId && restored.seq === seq - 1 && restored.hash === prev;
    return restored && stands ? [restored] : [];
  });
}

const HEADS = `
  SELECT o.id AS "organizationId", coalesce(l.seq, 0)::int AS seq, coalesce(encode(l.hash, 'hex'), $2) AS hash, $1 AS "backupAt",
         to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "restoredAt"
    FROM public.organizations AS o
    LEFT JOIN LATERAL (SELECT a.seq, a.hash FROM public.audit_logs AS a WHERE a.org_id = o.id ORDER BY a.seq DESC LIMIT 1) AS l ON true
   ORDER BY o.id`;

const NOTE = `
  WITH noted AS (
    SELECT n.org, n.told FROM jsonb_to_recordset($1::jsonb) AS n (org uuid, told text)
  ), heads AS (
    INSERT INTO public.audit_heads AS h (org_id, seq, updated_at) SELECT org, 1, clock_timestamp() FROM noted
      ON CONFLICT (org_id) DO UPDATE SET seq = h.seq + 1, updated_at = greatest(h.updated_at, clock_timestamp())
      RETURNING h.org_id, h.seq, h.updated_at
  )
  INSERT INTO public.audit_logs (org_id, id, seq, change_id, actor_kind, action, entity_type, entity_id, entity_version, changes, created_at)
  SELECT o.id, gen_random_uuid(), h.seq, gen_random_uuid(), 'SYSTEM', $2, 'Organization', o.id, o.version,
         jsonb_build_object($3::text, n.told), h.updated_at
    FROM noted AS n JOIN heads AS h ON h.org_id = n.org JOIN public.organizations AS o ON o.id = n.org`;
