import type { Client } from 'pg';
import { quoted, type Table } from './tables.js';

/**
 * Takes away what stands in the way of loading rows as they were, for the rest of the transaction: foreign keys (tables
 * refer to each other in circles), triggers (what they wrote is in the backup already), and row-level security that
 * binds the owner too (PostgreSQL refuses COPY there). Owning the tables is enough for all of it; no superuser is needed.
 *
 * @returns puts everything back as it was, foreign keys by checking every row.
 */
export async function liftWalls(client: Client): Promise<() => Promise<void>> {
  const { rows } = await client.query<Wall>(WALLS);
  for (const { lift } of rows) await client.query(lift);
  return async () => {
    // Deferred checks have to be over: PostgreSQL alters no table that still waits for one.
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    for (const { rebuild } of rows.reverse()) await client.query(rebuild);
  };
}

/** @throws Error when somebody else owns the tables. */
export async function checkOwnsTables(client: Client, tables: Table[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class
      WHERE oid = ANY ($1::regclass[]) AND NOT pg_has_role(current_user, relowner, 'USAGE')`,
    [tables.map(({ name }) => quoted(name))],
  );
  if (rows.length === 0) return;
  throw new Error(
    `The user of DATABASE_URL does not own ${rows.map(({ name }) => name).join(', ')}. Restoring needs the user that runs migrations, ` +
      'or a superuser: set DATABASE_URL to it. Nothing was loaded.',
  );
}

interface Wall {
  lift: string;
  rebuild: string;
}

/** Partitions' own constraints and triggers follow from their parents'. */
const WALLS = `
  SELECT format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', oid::regclass) AS lift,
         format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', oid::regclass) AS rebuild
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relforcerowsecurity
  UNION ALL
  SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname),
         format('ALTER TABLE %s ENABLE %s TRIGGER %I', t.tgrelid::regclass,
                CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, t.tgname)
    FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
     AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgparentid = 0
  UNION ALL
  SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
         format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype = 'f' AND conparentid = 0`;
