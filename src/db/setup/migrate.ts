import { createHash, randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';

export interface Migration {
  name: string;
  sql: string;
  /** SHA-256 of migration.sql in hex, as Prisma computes it. */
  checksum: string;
}

/** Reads `prisma/migrations`, oldest first. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(names.sort().map((name) => readMigration(folder, name)));
}

/**
 * Applies what is missing, each migration in one transaction together with its row in Prisma's own table, so that an
 * interrupted one leaves nothing behind and `prisma migrate deploy` sees the same history. The caller holds the set-up lock.
 *
 * @returns the names applied now.
 * @throws Error when the history differs from the files: a migration was edited, or is missing here.
 */
export async function applyMigrations(client: Client, migrations: Migration[], say: (line: string) => void): Promise<string[]> {
  await client.query(HISTORY_TABLE);
  const applied = await readHistory(client);
  checkHistory(applied, migrations);
  const missing = migrations.filter((migration) => !applied.has(migration.name));
  for (const migration of missing) {
    say(`Applying migration ${migration.name} …`);
    await applyOne(client, migration);
  }
  return missing.map((migration) => migration.name);
}

/** Names of migrations on disk that the database does not have yet. */
export async function findMissingMigrations(client: Client, migrations: Migration[]): Promise<string[]> {
  const { rows } = await client.query<{ found: string | null }>(`SELECT to_regclass('public._prisma_migrations')::text AS found`);
  const applied = rows[0]?.found ? await readHistory(client) : new Map<string, string>();
  return migrations.filter((migration) => !applied.has(migration.name)).map((migration) => migration.name);
}

async function readMigration(folder: string, name: string): Promise<Migration> {
  const sql = await readFile(path.join(folder, name, 'migration.sql'), 'utf8');
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

async function readHistory(client: Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'SELECT migration_name, checksum FROM public._prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
}

function checkHistory(applied: Map<string, string>, migrations: Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.name, migration.checksum]));
  for (const [name, checksum] of applied) {
    if (!known.has(name)) {
      throw new Error(
        `The database has migration ${name}, which this version of Pulse does not know. Start the newer version, or use another database.`,
      );
    }
    if (known.get(name) !== checksum) {
      throw new Error(
        `Migration ${name} was edited after it had been applied. Restore the file and put the change into a new migration.`,
      );
    }
  }
}

async function applyOne(client: Client, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO public._prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined); // fails when the connection was cut, and is not the reason
    throw new Error(`Migration ${migration.name} failed and was rolled back: ${(error as Error).message}`, { cause: error });
  }
}

/** The layout is Prisma's: https://github.com/prisma/prisma-engines, schema-engine's migration persistence. */
const HISTORY_TABLE = `
  CREATE TABLE IF NOT EXISTS public._prisma_migrations (
    id                  varchar(36) PRIMARY KEY NOT NULL,
    checksum            varchar(64) NOT NULL,
    finished_at         timestamptz,
    migration_name      varchar(255) NOT NULL,
    logs                text,
    rolled_back_at      timestamptz,
    started_at          timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
  )`;
