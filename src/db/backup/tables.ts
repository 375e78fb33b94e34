import { escapeIdentifier, type Client } from 'pg';

/** A table whose rows are backed up, and the columns that hold data (generated ones follow from them). */
export interface Table {
  name: string;
  columns: string[];
}

/** Where a sequence stands; text, because a bigint does not fit a number. */
export interface Sequence {
  name: string;
  lastValue: string;
  isCalled: boolean;
}

/** Prisma's history of migrations: the set-up writes it, so it is no data. */
export const HISTORY = '_prisma_migrations';

/** Files made of the other tables, which would be backed up twice: gone in some days, and made again when they are asked for. */
const FILES = 'organization_export_parts';

/** Every table of `public` but the history, files, and what belongs to an extension, in a fixed order. */
export async function listTables(client: Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `SELECT c.relname::text AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
       FROM pg_class AS c
       JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      WHERE ${OURS} AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL ($1::text[])
      GROUP BY c.relname ORDER BY c.relname`,
    [[HISTORY, FILES]],
  );
  return rows;
}

/** Every sequence of `public`, also those behind identity columns, with its position. */
export async function listSequences(client: Client): Promise<Sequence[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_class AS c WHERE ${OURS} AND c.relkind = 'S' ORDER BY c.relname`,
  );
  const sequences: Sequence[] = [];
  for (const { name } of rows) {
    const { rows: found } = await client.query<Omit<Sequence, 'name'>>(
      `SELECT last_value::text AS "lastValue", is_called AS "isCalled" FROM ${quoted(name)}`,
    );
    for (const position of found) sequences.push({ name, ...position });
  }
  return sequences;
}

/** A table or sequence of `public` as it is written in SQL. */
export function quoted(name: string): string {
  return `public.${escapeIdentifier(name)}`;
}

/** A list of columns as it is written in SQL. */
export function quotedColumns({ columns }: Table): string {
  return columns.map(escapeIdentifier).join(', ');
}

const OURS = `c.relnamespace = 'public'::regnamespace AND c.relpersistence <> 't' AND NOT EXISTS (
  SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;
