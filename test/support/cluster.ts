import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/db/embedded/index.js';
import { setUpDatabase } from '../../src/db/setup/index.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const SECRET = 'a secret for tests only, long enough to be one';

/** What the global set-up leaves for the workers, in one environment variable. */
export interface TestCluster {
  /** May create databases; a superuser, unless TEST_DATABASE_URL says otherwise. */
  adminUrl: string;
  template: string;
  owner: string;
  ownerUrl: string;
  appUrl: string;
  signinUrl: string;
  workerUrl: string;
}

export interface OpenCluster extends TestCluster {
  close: () => Promise<void>;
}

/** A PostgreSQL to make databases in. */
export interface TestServer {
  adminUrl: string;
  stop: () => Promise<void>;
}

/** A server (TEST_DATABASE_URL, or the embedded one) with a migrated template database, owned by a role that is no superuser. */
export async function openCluster(find: () => Promise<TestServer> = findServer): Promise<OpenCluster> {
  const server = await find();
  const name = `pulse_test_${process.pid}`;
  await asAdmin(server.adminUrl, [
    `DROP DATABASE IF EXISTS ${name}`,
    `CREATE ROLE ${name} LOGIN CREATEROLE NOSUPERUSER PASSWORD '${name}'`,
    `CREATE DATABASE ${name} OWNER ${name}`,
  ]);
  const ownerUrl = withUser(server.adminUrl, name, name, name);
  const urls = await setUpDatabase(ROOT, { ownerUrl, secret: SECRET }, () => undefined);
  const close = async (): Promise<void> => {
    await dropAll(server.adminUrl, name);
    await server.stop();
  };
  const { app: appUrl, signin: signinUrl, worker: workerUrl } = urls;
  return { adminUrl: server.adminUrl, template: name, owner: name, ownerUrl, appUrl, signinUrl, workerUrl, close };
}

/** Runs statements one by one as the administrator of a cluster. */
export async function asAdmin(adminUrl: string, statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A connection string for another database of the same server. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.toString();
}

async function findServer(): Promise<TestServer> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) return { adminUrl: given, stop: async () => undefined };
  const folder = mkdtempSync(path.join(tmpdir(), 'pulse-test-'));
  // As root PostgreSQL runs as another user, who has to reach its data.
  chmodSync(folder, 0o755);
  // Not synchronous_commit: VACUUM cannot tell of a commit that is not written yet whether everybody sees its rows, and plans follow from that.
  const settings = { fsync: 'off', full_page_writes: 'off' };
  const server = await startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres'), say: () => undefined, settings });
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { adminUrl: server.superuserUrl, stop };
}

function withUser(url: string, user: string, password: string, database: string): string {
  const changed = new URL(withDatabase(url, database));
  changed.username = user;
  changed.password = password;
  return changed.toString();
}

async function dropAll(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>(
      `SELECT datname FROM pg_database WHERE datname = $1 OR starts_with(datname, $1 || '_')`,
      [name],
    );
    for (const { datname } of rows) await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(datname)} WITH (FORCE)`);
    for (const role of [`${name}_app`, `${name}_signin`, `${name}_worker`, `${name}_reader`, name])
      await client.query(`DROP ROLE IF EXISTS ${role}`);
  } finally {
    await client.end();
  }
}
