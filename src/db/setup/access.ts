import { createHash } from 'node:crypto';
import { escapeIdentifier, escapeLiteral, type Client } from 'pg';
import { isDeadlock } from '../sql-state.js';
import type { Migration } from './migrate.js';
import type { RoleNames } from './roles.js';

/**
 * Applies `prisma/access.sql` in one transaction when it, the migrations or the roles' names have changed since it was
 * last applied; its fingerprint is the comment on the schema `read`.
 *
 * @returns whether anything was applied.
 */
export async function applyAccess(client: Client, text: string, names: RoleNames, migrations: Migration[]): Promise<boolean> {
  const fingerprint = accessFingerprint(text, names, migrations);
  if ((await readFingerprint(client)) === fingerprint) return false;
  const rules = [fillIn(text, names), `COMMENT ON SCHEMA read IS ${escapeLiteral(fingerprint)}`].join('\n;\n');
  for (let attempt = 1; ; attempt += 1) {
    try {
      await applyAtOnce(client, rules);
      return true;
    } catch (error) {
      if (attempt < MOST_ATTEMPTS && isDeadlock(error)) continue;
      throw new Error(`Setting up roles, policies and views failed and was rolled back: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

/** Requests of a server that still runs hold the same tables, in orders of their own: each second a deadlock ends one of both. */
const MOST_ATTEMPTS = 5;

async function applyAtOnce(client: Client, rules: string): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(rules);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined); // fails when the connection was cut, and is not the reason
    throw error;
  }
}

/** What `applyAccess` left on the database it last ran on, or null. */
export async function readFingerprint(client: Pick<Client, 'query'>): Promise<string | null> {
  const { rows } = await client.query<{ fingerprint: string | null }>(
    `SELECT obj_description(oid, 'pg_namespace') AS fingerprint FROM pg_namespace WHERE nspname = 'read'`,
  );
  return rows[0]?.fingerprint ?? null;
}

/** Changes whenever the access rules would come out differently. */
export function accessFingerprint(text: string, names: RoleNames, migrations: Migration[]): string {
  const hash = createHash('sha256').update(text).update(JSON.stringify(names));
  for (const migration of migrations) hash.update(migration.checksum);
  return `access ${hash.digest('hex')}`;
}

function fillIn(text: string, names: RoleNames): string {
  return text.replace(/\{\{(owner|app|reader|signin|worker)\}\}/g, (_, role: keyof RoleNames) => escapeIdentifier(names[role]));
}
