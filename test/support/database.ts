import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { asAdmin, withDatabase, type TestCluster } from './cluster.js';

/** What the global set-up made. */
export function testCluster(): TestCluster {
  return JSON.parse(process.env['PULSE_TEST_CLUSTER'] ?? '') as TestCluster;
}

export interface TestDatabase {
  name: string;
  ownerUrl: string;
  appUrl: string;
  signinUrl: string;
  workerUrl: string;
  adminUrl: string;
}

/** A fresh, migrated, empty database. Dropped with the cluster. */
export async function freshDatabase(): Promise<TestDatabase> {
  const cluster = testCluster();
  const name = `${cluster.template}_${process.env['JEST_WORKER_ID'] ?? '1'}_${randomBytes(6).toString('hex')}`;
  await asAdmin(cluster.adminUrl, [`CREATE DATABASE ${name} TEMPLATE ${cluster.template} OWNER ${cluster.owner}`]);
  const { ownerUrl, appUrl, signinUrl, workerUrl, adminUrl } = cluster;
  return {
    name,
    ownerUrl: withDatabase(ownerUrl, name),
    appUrl: withDatabase(appUrl, name),
    signinUrl: withDatabase(signinUrl, name),
    workerUrl: withDatabase(workerUrl, name),
    adminUrl: withDatabase(adminUrl, name),
  };
}

/** A connection of the migration owner to an empty, migrated database of its own. End it. */
export async function ownerClient(): Promise<pg.Client> {
  const { ownerUrl } = await freshDatabase();
  return connect(ownerUrl);
}

/** A connection. End it. */
export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
