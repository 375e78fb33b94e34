import pg from 'pg';
import { inTransaction } from '../backup/connection.js';
import { translateFailure } from '../failures.js';
import { isUuid } from '../../lib/uuid.js';
import { tenantTables, type DumpedTable, type IsLeftOut } from './tables.js';

/** All rows of an organization as they were at one moment. */
export interface Dump {
  tables: readonly DumpedTable[];
  /** The rows of a table as JSON, some of them at a time. One table after the other. */
  rowsOf(table: DumpedTable): AsyncGenerator<string[]>;
}

/** Rows at a time: so few that long texts fit into memory many times. */
const PAGE = 200;
/** For a statement, and for whoever takes the rows: counting and dumping are no request that somebody waits for. */
const PATIENCE_MS = 600_000;

/**
 * Reads an organization by the server's own role, under the policies that bind every request, on a connection of its own: a snapshot
 * that is held for minutes takes none from the pool.
 */
export async function withDump<Result>(
  settings: { appUrl: string; connectTimeoutMs: number },
  orgId: string,
  isLeftOut: IsLeftOut,
  work: (dump: Dump) => Promise<Result>,
): Promise<Result> {
  if (!isUuid(orgId)) throw new Error('The tenant of a dump must be a UUID.');
  const client = new pg.Client({
    connectionString: settings.appUrl,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    keepAlive: true,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await inTransaction(client, 'ISOLATION LEVEL REPEATABLE READ READ ONLY', async () => {
      await client.query(
        `SET LOCAL statement_timeout = ${PATIENCE_MS}; SET LOCAL idle_in_transaction_session_timeout = ${PATIENCE_MS}`,
      );
      await client.query(`SET LOCAL app.org_id = '${orgId}'`);
      const tables = await tenantTables(client, orgId, isLeftOut);
      return work({ tables, rowsOf: (table) => rowsOf(client, table) });
    });
  } catch (error) {
    throw translateFailure(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function* rowsOf(client: pg.Client, { select }: DumpedTable): AsyncGenerator<string[]> {
  await client.query(`DECLARE dumped NO SCROLL CURSOR FOR ${select}`);
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`FETCH ${PAGE} FROM dumped`);
    if (rows.length > 0) yield rows.map(({ row }) => row);
    if (rows.length < PAGE) break;
  }
  await client.query('CLOSE dumped');
}
