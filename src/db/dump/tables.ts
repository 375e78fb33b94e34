import { escapeIdentifier, type Client } from 'pg';
import { listTables, quoted, quotedColumns, type Table } from '../backup/tables.js';

/** A table of an organization, and the columns that are dumped. */
export interface DumpedTable extends Table {
  /** How many rows of it are the organization's. */
  rows: number;
  /** A row as JSON in the column `row`, in the order of the table's key. */
  select: string;
}

/** Whether a table, or a column of it, is no part of what an organization takes along. */
export type IsLeftOut = (table: string, column?: string) => boolean;

/** Every table with rows of an organization: what a backup has, found in the catalogue, so that a new one is there unasked. */
export async function tenantTables(client: Client, orgId: string, isLeftOut: IsLeftOut): Promise<DumpedTable[]> {
  const keys = await keysOf(client);
  const tables: DumpedTable[] = [];
  for (const { name, columns } of (await listTables(client)).filter((table) => !isLeftOut(table.name))) {
    const shown = { name, columns: columns.filter((column) => !isLeftOut(name, column)) };
    const theirs = `FROM ${quoted(name)} WHERE ${name === 'organizations' ? 'id' : 'org_id'} = '${orgId}'`;
    const { rows } = await client.query<{ rows: number }>(`SELECT count(*)::int AS rows ${theirs}`);
    const order = (keys.get(name) ?? []).map(escapeIdentifier).join(', ') || '1';
    const select = `SELECT row_to_json(t)::text AS row FROM (SELECT ${quotedColumns(shown)} ${theirs} ORDER BY ${order}) AS t`;
    tables.push({ ...shown, rows: rows[0]?.rows ?? 0, select });
  }
  return tables;
}

/** The columns of primary keys, by table. */
async function keysOf(client: Client): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ name: string; columns: string[] }>(
    `SELECT c.relname::text AS name, array_agg(a.attname::text ORDER BY k.place) AS columns
       FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
       CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
       JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.number
      WHERE i.indisprimary GROUP BY c.relname`,
  );
  return new Map(rows.map(({ name, columns }) => [name, columns]));
}
