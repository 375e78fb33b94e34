import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { sayWhenSlow } from '../embedded/notice.js';
import { inTransaction, messageOf } from './connection.js';
import { checkOwnsTables, liftWalls } from './lift.js';
import { tableFile, type Manifest, type TableEntry } from './manifest.js';
import { readable, sayNowAndThen } from './progress.js';
import { listTables, quoted, quotedColumns, type Table } from './tables.js';
import { tallying } from './tally.js';

type Say = (line: string) => void;

const isLockTimeout = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === '55P03';

/** A sentence for the person, as opposed to what PostgreSQL or the disk said. */
const isSentence = (error: unknown): boolean => error instanceof Error && error.constructor === Error && !('code' in error);

/**
 * Loads a verified backup into tables of its own migrations, in one transaction that nobody else can see into.
 *
 * @param checkEmpty is asked once nobody else can write any more.
 */
export async function loadTables(
  client: Client,
  folder: string,
  manifest: Manifest,
  checkEmpty: () => Promise<void>,
  say: Say,
): Promise<void> {
  try {
    await inTransaction(client, 'ISOLATION LEVEL READ COMMITTED', async () => {
      const tables = await listTables(client);
      checkFits(tables, manifest);
      await checkOwnsTables(client, tables);
      const all = tables.map(({ name }) => quoted(name)).join(', ');
      await client.query(`SET LOCAL lock_timeout = '10s'; LOCK TABLE ${all} IN ACCESS EXCLUSIVE MODE`);
      await checkEmpty();
      const rebuild = await liftWalls(client);
      // A migration may have brought rows along; the backup has them too.
      await client.query(`TRUNCATE ${all}`);
      await copyAll(client, folder, manifest, say);
      await sayWhenSlow(say, 'Checking foreign keys …', rebuild());
      await setSequences(client, manifest);
      await sayWhenSlow(say, 'Gathering statistics …', client.query(`ANALYZE ${all}`));
    });
  } catch (error) {
    if (isSentence(error)) throw error;
    const reason = isLockTimeout(error) ? 'another program is using it; stop it first' : messageOf(error);
    throw new Error(`The backup could not be loaded (${reason}). Nothing of it was kept.`, { cause: error });
  }
}

function checkFits(tables: Table[], manifest: Manifest): void {
  const shape = (list: Table[]): Map<string, string> =>
    new Map(list.map(({ name, columns }) => [name, JSON.stringify([...columns].sort())]));
  const [here, there] = [shape(tables), shape(manifest.tables)];
  const odd = [...new Set([...here.keys(), ...there.keys()])].filter((name) => here.get(name) !== there.get(name));
  if (odd.length === 0) return;
  throw new Error(
    `The backup does not fit the database: ${odd.join(', ')} differ, in name or in columns, from what the backup's migrations make. ` +
      'Restore into a database that holds nothing but Pulse. Nothing was loaded.',
  );
}

async function copyAll(client: Client, folder: string, { tables }: Manifest, say: Say): Promise<void> {
  const progress = sayNowAndThen(say);
  const total = tables.reduce((sum, { rows }) => sum + rows, 0);
  let loaded = 0;
  for (const table of tables) {
    await copyTable(client, folder, table, (rows) => {
      loaded += rows;
      progress(() => `Restoring ${table.name}: ${readable(loaded)} of ${readable(total)} rows …`);
    });
  }
}

async function copyTable(client: Client, folder: string, table: TableEntry, advance: (rows: number) => void): Promise<void> {
  const text = createReadStream(tableFile(folder, table.name));
  const { stream } = tallying(advance);
  const target = client.query(
    copyFrom(`COPY ${quoted(table.name)} (${quotedColumns(table)}) FROM STDIN (FORMAT text, ENCODING 'UTF8')`),
  );
  await pipeline(text, createGunzip(), stream, target);
  const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${quoted(table.name)}`);
  if (Number(rows[0]?.count) === table.rows) return;
  throw new Error(
    `Table ${table.name} has ${rows[0]?.count} rows after loading, and the backup says ${table.rows}. Nothing of it was kept; use another backup.`,
  );
}

async function setSequences(client: Client, { sequences }: Manifest): Promise<void> {
  for (const { name, lastValue, isCalled } of sequences) {
    await client.query('SELECT setval($1::regclass, $2::bigint, $3)', [quoted(name), lastValue, isCalled]);
  }
}
