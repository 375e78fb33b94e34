import path from 'node:path';
import type { Client } from 'pg';
import { noteRestore, restoreSignatures } from '../chain/restores.js';
import { SETUP_LOCK, setUpDatabase } from '../setup/index.js';
import { applyMigrations, findMissingMigrations, readMigrations, type Migration } from '../setup/migrate.js';
import { planRoles, type RoleSettings } from '../setup/roles.js';
import { inTransaction, placeOf, withConnection } from './connection.js';
import { loadTables } from './load.js';
import { readManifest, secretKeyCheck, type Manifest } from './manifest.js';
import { HISTORY, quoted } from './tables.js';
import { verifyFiles } from './verify.js';

export interface RestoreSettings {
  /** The project's folder, which holds `prisma/`. */
  root: string;
  /** The backup. */
  folder: string;
  /** The database to fill, by its migration owner's connection. */
  roles: RoleSettings;
  /** May drop all that the owner has in an empty database whose migrations go further than the backup's. */
  startOver: boolean;
  say: (line: string) => void;
}

/**
 * Fills an empty database from a backup: migrations up to the backup's last, its rows, and then the rest of the set-up. Each
 * organization's audit says at its end that it comes from a backup.
 *
 * @returns what was restored.
 * @throws Error with a sentence; the database holds no organization then, unless a later migration failed on the
 * restored rows, which the next `npm run migrate` tries again.
 */
export async function restoreBackup({ root, folder, roles, startOver, say }: RestoreSettings): Promise<Manifest> {
  const manifest = await readManifest(folder);
  const migrations = pickMigrations(manifest, await readMigrations(path.join(root, 'prisma/migrations')));
  await withConnection(roles.ownerUrl, async (client) => {
    await checkUnused(client, roles);
    await verifyFiles(folder, manifest, say);
    await client.query('SELECT pg_advisory_lock($1)', [SETUP_LOCK]);
    await stepBack(client, migrations, startOver);
    await applyMigrations(client, migrations, say);
    await loadTables(client, folder, manifest, () => checkEmpty(client, roles.ownerUrl), say);
  });
  await setUpDatabase(root, roles, say);
  const { sign } = restoreSignatures(roles.secret);
  await withConnection(roles.ownerUrl, (client) =>
    inTransaction(client, '', () => noteRestore(client, manifest.createdAt, sign)),
  );
  return manifest;
}

/** Whether the passwords of a backup work with this secret. */
export function hasSecretOf(manifest: Manifest, secret: string): boolean {
  return manifest.secretKeyCheck === secretKeyCheck(secret);
}

function pickMigrations(manifest: Manifest, known: Migration[]): Migration[] {
  for (const { name, checksum } of manifest.migrations) {
    const same = known.find((migration) => migration.name === name);
    if (!same) {
      throw new Error(
        `The backup has migration ${name}, which this version of Pulse does not know. Restore it with the version that made it, or a newer one.`,
      );
    }
    if (same.checksum !== checksum) {
      throw new Error(
        `Migration ${name} was edited after the backup had been made. Restore the file of that time, then try again.`,
      );
    }
  }
  const names = new Set(manifest.migrations.map(({ name }) => name));
  return known.filter(({ name }) => names.has(name));
}

async function checkUnused(client: Client, roles: RoleSettings): Promise<void> {
  await checkEmpty(client, roles.ownerUrl);
  const { names } = planRoles(roles);
  const { rowCount } = await client.query(
    'SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY ($1)',
    [[names.app, names.signin, names.worker]],
  );
  if (!rowCount) return;
  throw new Error(`A Pulse is running on ${placeOf(roles.ownerUrl)}. Stop it first; nothing was loaded.`);
}

async function checkEmpty(client: Client, url: string): Promise<void> {
  const { rows } = await client.query<{ found: boolean }>(`SELECT to_regclass('public.organizations') IS NOT NULL AS found`);
  if (!rows[0]?.found || !(await client.query('SELECT FROM public.organizations LIMIT 1')).rowCount) return;
  throw new Error(
    `There are organizations in ${placeOf(url)} already, and a backup goes into an empty database only. Nothing was loaded. ` +
      'Set DATABASE_URL to a new database; without DATABASE_URL, set PULSE_DATA_DIR to a new folder.',
  );
}

/** A database that is further than the backup cannot be loaded, and there is no way down: it is emptied, or refused. */
async function stepBack(client: Client, migrations: Migration[], startOver: boolean): Promise<void> {
  if (!(await isAhead(client, migrations))) return;
  if (!startOver) {
    throw new Error(
      'The database is empty, but set up for a newer version than the backup comes from. Drop the database, create it again ' +
        'with the same owner, and restore before Pulse is started on it. Nothing was loaded.',
    );
  }
  await client.query('DROP OWNED BY CURRENT_USER CASCADE');
}

async function isAhead(client: Client, migrations: Migration[]): Promise<boolean> {
  const missing = await findMissingMigrations(client, migrations);
  const { rows } = await client.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [quoted(HISTORY)]);
  if (!rows[0]?.found) return false;
  const { rows: applied } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${quoted(HISTORY)} WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
  );
  return (applied[0]?.count ?? 0) > migrations.length - missing.length;
}
