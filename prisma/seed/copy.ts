import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { escapeIdentifier, type Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

const BATCH = 20_000;
const CHUNK = 500;

/**
 * Loads `count` rows by COPY. PostgreSQL refuses COPY into a table whose row-level security binds the loader, as it
 * binds the owner here (FORCE): so batches go through a temporary table, and the wall stays up.
 *
 * @param line makes the values of one row, free of tabs, line breaks and backslashes.
 */
export async function copyRows(
  client: Client,
  table: string,
  columns: string[],
  count: number,
  line: (index: number) => (string | null)[],
  advance: (rows: number) => void,
): Promise<void> {
  const names = columns.map(escapeIdentifier).join(', ');
  const staging = escapeIdentifier(`seed_${table}`);
  await client.query(`CREATE TEMPORARY TABLE IF NOT EXISTS ${staging} (LIKE public.${escapeIdentifier(table)}) ON COMMIT DROP`);
  // Columns that are not given are filled in by the second step.
  await client.query(columns.includes('id') ? dropNotNull(staging) : 'SELECT');
  for (let start = 0; start < count; start += BATCH) {
    const end = Math.min(start + BATCH, count);
    await pipeline(Readable.from(chunks(start, end, line), { highWaterMark: 2 }), client.query(copyFrom(`COPY ${staging} (${names}) FROM STDIN`)));
    await client.query(`INSERT INTO public.${escapeIdentifier(table)} (${names}) SELECT ${names} FROM ${staging}`);
    await client.query(`TRUNCATE ${staging}`);
    advance(end - start);
  }
}
