import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { applyAccess } from './access.js';
import { checkKey } from './check-key.js';
import { connect } from './connect.js';
import { setUpJobs } from './jobs.js';
import { applyMigrations, readMigrations } from './migrate.js';
import { makeRoles, planRoles, type DatabaseUrls, type RoleSettings } from './roles.js';

export type { DatabaseUrls, RoleSettings } from './roles.js';

/** One lock for everything below: two instances that start at once migrate once. The number is arbitrary but fixed. */
export const SETUP_LOCK = 7_285_731;

/**
 * Brings a database to the state this version needs: roles, migrations, access rules. Safe to run at any time, by any
 * number of instances at once.
 *
 * @param root the project's folder, which holds `prisma/`.
 * @returns the connections the server is to use.
 */
export async function setUpDatabase(root: string, settings: RoleSettings, say: (line: string) => void): Promise<DatabaseUrls> {
  const migrations = await readMigrations(path.join(root, 'prisma/migrations'));
  const access = await readFile(path.join(root, 'prisma/access.sql'), 'utf8');
  const { names, urls } = planRoles(settings);
  const client = await connect(settings.ownerUrl);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [SETUP_LOCK]);
    await makeRoles(client, settings);
    await applyMigrations(client, migrations, say);
    await checkKey(client, settings.secret, say);
    const jobs = await setUpJobs(client, settings.ownerUrl);
    if (await applyAccess(client, access, names, [...migrations, jobs])) say('Roles, policies and views are set up.');
  } finally {
    await client.end();
  }
  return urls;
}
