import { createHmac } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import { connect } from './connect.js';
import { startEmbeddedPostgres, type EmbeddedServer } from '../embedded/index.js';
import { setUpDatabase, type DatabaseUrls, type RoleSettings } from './index.js';

export interface BringUpSettings extends Omit<RoleSettings, 'ownerUrl'> {
  /** The project's folder. */
  root: string;
  /** The migration owner's connection; without it the PostgreSQL that comes with Pulse is started. */
  ownerUrl?: string | undefined;
  dataDir: string;
  say: (line: string) => void;
}

/** A database that is there and up to date. */
export interface RunningDatabase {
  urls: DatabaseUrls;
  /** Stops the PostgreSQL that was started here; does nothing for somebody else's. */
  stop(): Promise<void>;
  /** Resolves when the PostgreSQL started here ends without being asked to; never for somebody else's. */
  exited: Promise<unknown>;
}

/** Finds or starts PostgreSQL and brings it to the state this version needs. */
export async function bringUpDatabase(settings: BringUpSettings): Promise<RunningDatabase> {
  const { root, ownerUrl, dataDir, say } = settings;
  if (ownerUrl) {
    const urls = await setUpDatabase(root, { ...settings, ownerUrl }, say);
    return { urls, stop: async () => undefined, exited: new Promise(() => undefined) };
  }
  const server = await startEmbeddedPostgres({ dataDir: path.join(dataDir, 'postgres'), say });
  try {
    const embeddedOwner = await makeOwner(server, settings.secret);
    const urls = await setUpDatabase(root, { secret: settings.secret, ownerUrl: embeddedOwner }, say);
    return { urls, stop: () => server.stop(), exited: server.exited };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** The migration owner is no superuser here either: what an operator's database would refuse is refused at home. */
async function makeOwner(server: EmbeddedServer, secret: string): Promise<string> {
  const password = createHmac('sha256', secret).update('database role pulse').digest('base64url');
  const client = await connect(server.superuserUrl);
  try {
    const { rowCount: hasRole } = await client.query(`SELECT FROM pg_roles WHERE rolname = 'pulse'`);
    await client.query(
      `${hasRole ? 'ALTER' : 'CREATE'} ROLE pulse LOGIN CREATEROLE NOSUPERUSER PASSWORD ${pg.escapeLiteral(password)}`,
    );
    const { rowCount: hasDatabase } = await client.query(`SELECT FROM pg_database WHERE datname = 'pulse'`);
    if (!hasDatabase) await client.query('CREATE DATABASE pulse OWNER pulse');
  } finally {
    await client.end();
  }
  return `postgres://pulse:${password}@${server.host}:${server.port}/pulse`;
}
