// Do prisma/migrations, applied to an empty database, give what prisma/schema says? Run with `npx tsx scripts/drift.mts`.
// Uses the server of TEST_DATABASE_URL when that is set, else starts the PostgreSQL that comes with Pulse. Whatever it
// makes (a database, its owner, that owner's roles, a data folder) is gone afterwards.
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/db/embedded/index.js';
import { setUpDatabase } from '../src/db/setup/index.js';
import { scriptFromLive } from './schema-engine.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What has to be undone, last first. */
const undo: Array<() => Promise<unknown>> = [];

async function main(): Promise<void> {
  const server = process.env.TEST_DATABASE_URL ?? (await startScratchServer());
  const ownerUrl = await makeScratchDatabase(server);
  await setUpDatabase(root, { ownerUrl, secret: randomBytes(32).toString('hex') }, () => {});
  const sql = await scriptFromLive(connectionOf(ownerUrl));
  if (sql.trim() === '') return;
  console.error('prisma/migrations and prisma/schema disagree. After all migrations the database still needs:\n');
  console.error(sql.trim().replace(/^/gm, '  '));
  console.error(
    '\nPut this SQL into a new folder of prisma/migrations, or change prisma/schema back. Never edit a migration that was released.',
  );
  process.exitCode = 1;
}

/** @returns a superuser's connection to a server on an empty data folder. */
async function startScratchServer(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pulse-drift-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755); // started by root, PostgreSQL runs as another user
  const say = (line: string): void => console.error(line);
  const server = await startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres'), say, settings: { fsync: 'off' } });
  undo.push(() => server.stop());
  return server.superuserUrl;
}

/** Makes an empty database whose owner is no superuser, as migrations find it in production. */
async function makeScratchDatabase(server: string): Promise<string> {
  const name = `pulse_drift_${randomBytes(4).toString('hex')}`;
  const password = randomBytes(16).toString('hex');
  await onServer(server, async (run) => {
    await run(`CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD '${password}'`);
    undo.push(() => onServer(server, (run) => dropAll(run, name)));
    await run(`GRANT ${name} TO CURRENT_USER`);
    await run(`CREATE DATABASE ${name} OWNER ${name}`);
  });
  const url = new URL(server);
  url.username = name;
  url.password = password;
  url.pathname = `/${name}`;
  return url.toString();
}

type Run = (sql: string) => Promise<pg.QueryResult>;

/** The database first, so that the roles own nothing any more; the owner last, for it has granted the others. */
async function dropAll(run: Run, name: string): Promise<void> {
  await run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  for (const role of [`${name}_app`, `${name}_signin`, `${name}_worker`, `${name}_reader`, name]) {
    const { rowCount } = await run(`SELECT FROM pg_roles WHERE rolname = '${role}'`);
    if (rowCount === 0) continue;
    await run(`DROP OWNED BY ${role}`);
    await run(`DROP ROLE ${role}`);
  }
}

async function onServer(connectionString: string, work: (run: Run) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await work((sql) => client.query(sql));
  } finally {
    await client.end();
  }
}

function connectionOf(url: string): { host: string; port: number; user: string; password: string; database: string } {
  const { hostname, port, username, password, pathname } = new URL(url);
  return { host: hostname, port: Number(port || 5432), user: username, password, database: pathname.slice(1) };
}

async function undoAll(): Promise<void> {
  for (let step = undo.pop(); step; step = undo.pop()) {
    await step().catch((error: unknown) =>
      console.error(`Could not clean up: ${error instanceof Error ? error.message : String(error)}`),
    );
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void undoAll().finally(() => process.exit(1)));

try {
  await main();
} catch (error) {
  console.error(`Could not compare migrations and schema: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await undoAll();
}
