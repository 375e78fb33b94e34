import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { escapeIdentifier, type Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** Rows of one table, each made on demand. */
export interface Source {
  table: string;
  columns: string[];
  count: number;
  /** The values of one row in COPY's text format, free of tabs, line breaks and backslashes. */
  line: (index: number) => (string | null)[];
}

const BATCH = 20_000;
const CHUNK = 250;

/**
 * Loads rows by COPY, in a transaction. PostgreSQL refuses COPY into a table whose row-level security binds the loader,
 * as it binds the owner here (FORCE): batches go through a temporary table, and the wall stays up.
 *
 * @param advance is told how many rows more are in.
 */
export async function copyRows(client: Client, source: Source, advance: (rows: number) => void): Promise<void> {
  const target = `public.${escapeIdentifier(source.table)}`;
  const staging = escapeIdentifier(`seed_${source.table}`);
  const columns = source.columns.map(escapeIdentifier).join(', ');
  await client.query(
    `CREATE TEMPORARY TABLE IF NOT EXISTS ${staging} ON COMMIT DROP AS SELECT ${columns} FROM ${target} WITH NO DATA`,
  );
  for (let start = 0; start < source.count; start += BATCH) {
    const end = Math.min(start + BATCH, source.count);
    const lines = Readable.from(textOf(source, start, end), { highWaterMark: 2 });
    await pipeline(lines, client.query(copyFrom(`COPY ${staging} (${columns}) FROM STDIN`)));
    // The checks of foreign keys keep the plans they were given when the tables were almost empty: by any index, each check reading the whole tenant.
    await client.query('DISCARD PLANS');
    await client.query(`INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${staging}`);
    await client.query(`TRUNCATE ${staging}`);
    advance(end - start);
  }
}

/** Some hundred lines at a time: a stream of single lines spends its time in the stream. */
function* textOf({ line }: Source, start: number, end: number): Generator<string> {
  for (let first = start; first < end; first += CHUNK) {
    let text = '';
    for (let index = first; index < Math.min(first + CHUNK, end); index += 1) {
      text += `${line(index)
        .map((value) => value ?? '\\N')
        .join('\t')}\n`;
    }
    yield text;
  }
}
