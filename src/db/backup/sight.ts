import type { Client } from 'pg';
import { HISTORY, type Table } from './tables.js';

/**
 * Row-level security hides rows without an error, and a backup by a role it holds back would be short and look whole.
 *
 * @throws Error naming tables that this user cannot read to the last row.
 */
export async function checkSight(client: Client, tables: Table[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(HALF_SEEN, [[HISTORY, ...tables.map(({ name }) => name)]]);
  if (rows.length === 0) return;
  throw new Error(
    `The user of DATABASE_URL does not see every row of ${rows.map(({ name }) => name).join(', ')}, so the backup would not be whole. ` +
      'Set DATABASE_URL to the user that owns the tables (the one that runs migrations), or to a superuser.',
  );
}

/** Bound by row-level security and without a policy that shows every row, or with one that takes some away again. */
const HALF_SEEN = `
  WITH applying AS (
    SELECT p.polrelid, p.polpermissive, pg_get_expr(p.polqual, p.polrelid) AS shows
      FROM pg_policy AS p
     WHERE p.polcmd IN ('r', '*')
       AND EXISTS (SELECT FROM unnest(p.polroles) AS role
                    WHERE CASE role WHEN 0 THEN true ELSE pg_has_role(current_user, role, 'USAGE') END))
  SELECT c.relname::text AS name
    FROM pg_class AS c
   WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1::text[])
     AND (NOT has_table_privilege(c.oid, 'SELECT')
          OR row_security_active(c.oid)
             AND (NOT EXISTS (SELECT FROM applying WHERE polrelid = c.oid AND polpermissive AND shows = 'true')
                  OR EXISTS (SELECT FROM applying WHERE polrelid = c.oid AND NOT polpermissive)))
   ORDER BY c.relname`;
