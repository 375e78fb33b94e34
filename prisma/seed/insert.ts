import { escapeIdentifier, type Client } from 'pg';

/** Inserts rows whose keys are column names, in one statement; all rows have the keys of the first. */
export async function insertRows(client: Client, table: string, rows: object[]): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const name = `public.${escapeIdentifier(table)}`;
  const columns = Object.keys(first).map(escapeIdentifier).join(', ');
  await client.query(`INSERT INTO ${name} (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::${name}, $1)`, [
    JSON.stringify(rows),
  ]);
}

/** Runs the work in one transaction that holds the lock of all seeding: of two that start at once, one waits for the other. */
export async function seedAlone<Result>(client: Client, work: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [SEED_LOCK]);
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** Arbitrary but fixed. */
const SEED_LOCK = 7_285_732;
