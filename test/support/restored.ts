import { restoreBackup } from '../../src/db/backup/index.js';
import { asAdmin, ROOT, SECRET } from './cluster.js';
import { freshDatabase, testCluster, type TestDatabase } from './database.js';

/** A database of its own, filled from a backup. */
export async function restoredDatabase(folder: string): Promise<TestDatabase> {
  const database = await freshDatabase();
  const { adminUrl, owner } = testCluster();
  await asAdmin(adminUrl, [`DROP DATABASE ${database.name}`, `CREATE DATABASE ${database.name} OWNER ${owner}`]);
  const { ownerUrl, appUrl, signinUrl, workerUrl } = database;
  const roles = { ownerUrl, appUrl, signinUrl, workerUrl, readerRole: readerRole(), secret: SECRET };
  await restoreBackup({ root: ROOT, folder, roles, startOver: false, say: () => undefined });
  return database;
}

/** What `npm start` would read from the environment for a test's database. */
export function settingsFor({ ownerUrl, appUrl, signinUrl, workerUrl }: TestDatabase): Record<string, string> {
  return {
    DATABASE_URL: ownerUrl,
    APP_DATABASE_URL: appUrl,
    SIGNIN_DATABASE_URL: signinUrl,
    WORKER_DATABASE_URL: workerUrl,
    READER_ROLE: readerRole(),
    SECRET_KEY: SECRET,
    DEMO_DATA: 'off',
    RUN_WORKER: 'off',
    LOG_LEVEL: 'silent',
    // As every test's server has, on a machine with other things to do.
    DATABASE_POOL_SIZE: '4',
    DATABASE_CONNECT_TIMEOUT_MS: '10000',
  };
}

function readerRole(): string {
  return `${testCluster().template}_reader`;
}
