import { createWriteStream, existsSync, rmSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { inTransaction, withConnection } from './connection.js';
import { FORMAT_VERSION, secretKeyCheck, tableFile, writeManifest, type Manifest, type TableEntry } from './manifest.js';
import { readable, sayNowAndThen } from './progress.js';
import { checkSight } from './sight.js';
import { HISTORY, listSequences, listTables, quoted, quotedColumns, type Table } from './tables.js';
import { tallying } from './tally.js';

export interface BackupSettings {
  /** Connection of a user that sees every row: the migration owner or a superuser. */
  url: string;
  /** The folder to make. */
  folder: string;
  secret: string;
  say: (line: string) => void;
}

/**
 * Writes what one moment's database holds into a new folder. Servers may go on working on it meanwhile.
 *
 * @throws Error with a sentence; nothing is left behind then.
 */
export async function createBackup({ url, folder, secret, say }: BackupSettings): Promise<Manifest> {
  const partial = `${folder}.partial`;
  await makeFolder(folder, partial);
  const removePartial = (): void => rmSync(partial, { recursive: true, force: true });
  process.once('exit', removePartial);
  try {
    const manifest = await withConnection(url, (client) => writeTables(client, partial, secret, say));
    await writeManifest(partial, manifest);
    await rename(partial, folder);
    return manifest;
  } finally {
    removePartial();
    process.off('exit', removePartial);
  }
}

async function makeFolder(folder: string, partial: string): Promise<void> {
  for (const taken of [folder, partial].filter((each) => existsSync(each))) {
    throw new Error(`${taken} is there already. Remove it, or give the backup another name.`);
  }
  try {
    await mkdir(path.dirname(folder), { recursive: true });
    await mkdir(partial, { mode: 0o700 });
  } catch (error) {
    throw new Error(`The folder ${partial} cannot be made: ${(error as Error).message}.`, { cause: error });
  }
}

function writeTables(client: Client, folder: string, secret: string, say: (line: string) => void): Promise<Manifest> {
  return inTransaction(client, 'ISOLATION LEVEL REPEATABLE READ READ ONLY', async () => {
    const tables = await listTables(client);
    await checkSight(client, tables);
    const origin = await readOrigin(client);
    // ALTER TABLE is not bound by snapshots: a migration in between would leave tables that look empty to this one.
    if (tables.length > 0)
      await client.query(`LOCK TABLE ${tables.map(({ name }) => quoted(name)).join(', ')} IN ACCESS SHARE MODE`);
    const progress = sayNowAndThen(say);
    const entries: TableEntry[] = [];
    for (const table of tables) entries.push(await writeTable(client, folder, table, progress));
    return {
      format: 'pulse-backup',
      formatVersion: FORMAT_VERSION,
      createdAt: new Date().toISOString(),
      ...origin,
      secretKeyCheck: secretKeyCheck(secret),
      tables: entries,
      sequences: await listSequences(client),
    };
  });
}

async function writeTable(
  client: Client,
  folder: string,
  table: Table,
  progress: (line: () => string) => void,
): Promise<TableEntry> {
  let written = 0;
  const { stream, tally } = tallying((rows) => {
    written += rows;
    progress(() => `Backing up ${table.name}: ${readable(written)} rows …`);
  });
  // A query rather than the bare table: that is how COPY reads partitioned tables, and tables under row-level security.
  const rows = client.query(
    copyTo(`COPY (SELECT ${quotedColumns(table)} FROM ${quoted(table.name)}) TO STDOUT (FORMAT text, ENCODING 'UTF8')`),
  );
  const file = createWriteStream(tableFile(folder, table.name), { mode: 0o600, flags: 'wx', flush: true });
  await pipeline(rows, stream, createGzip(), file);
  return { ...table, ...tally() };
}

async function readOrigin(client: Client): Promise<Pick<Manifest, 'postgres' | 'migrations'>> {
  const { rows } = await client.query<{ postgres: string; found: boolean }>(
    `SELECT current_setting('server_version') AS postgres, to_regclass($1) IS NOT NULL AS found`,
    [quoted(HISTORY)],
  );
  const migrations = rows[0]?.found ? await readMigrations(client) : [];
  if (!rows[0] || migrations.length === 0) {
    throw new Error('Pulse has never set this database up: there is nothing to back up.');
  }
  return { postgres: rows[0].postgres, migrations };
}

async function readMigrations(client: Client): Promise<Manifest['migrations']> {
  const { rows } = await client.query<Manifest['migrations'][number]>(
    `SELECT migration_name AS name, checksum FROM ${quoted(HISTORY)}
      WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name COLLATE "C"`,
  );
  return rows;
}
