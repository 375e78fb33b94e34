// One PostgreSQL for all contenders, with the product's own schema, roles, row-level security and benchmark set.
import { mkdirSync } from 'node:fs';
import pg from 'pg';
import { SECRET, product } from '../settings.mjs';
import { parentOf } from './processes.mjs';
import { runNode } from './run-node.mjs';

/**
 * Starts the PostgreSQL that comes with Pulse, or uses the one of BENCH_DATABASE_URL, and sees to it that the set is there.
 *
 * @param {(line: string) => void} say
 * @param {{ seed: string[], tenants: number }} set what `npm run seed` is told, and how many organizations that gives
 * @param {string} folder where the PostgreSQL of its own keeps it
 */
export async function bringUpDatabase(say, set, folder) {
  const { bringUpDatabase: bringUp } = await import('../../dist/src/db/setup/bring-up.js');
  mkdirSync(folder, { recursive: true });
  const running = await bringUp({
    root: product,
    ownerUrl: process.env.BENCH_DATABASE_URL,
    dataDir: folder,
    secret: SECRET,
    say,
  });
  try {
    await loadSet(running.urls.owner, say, set);
    return { ...running, ...(await askDatabase(running.urls.owner)) };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

async function loadSet(ownerUrl, say, { seed, tenants }) {
  const found = (await listMembers(ownerUrl)).length;
  if (found === tenants) return;
  if (found > 0) {
    throw new Error(
      `The database has ${found} benchmark organizations instead of ${tenants}. Use an empty one, or delete bench/.data*.`,
    );
  }
  say(`Loading the set ${seed.join(' ')}, once (M takes a minute or two, L a quarter of an hour) …`);
  const environment = { DATABASE_URL: ownerUrl, SECRET_KEY: SECRET, NODE_ENV: 'production' };
  await runNode(process.execPath, ['dist/src/seed-cli.js', ...seed], environment, product);
}

/** Who asks in each organization, in a fixed order. */
async function listMembers(ownerUrl) {
  return withClient(ownerUrl, async (client) => {
    const { rows } = await client.query(`
      SELECT u.org_id AS org, u.id AS sub, u.role::text AS role, u.email
        FROM public.organizations o JOIN public.users u ON u.org_id = o.id
       WHERE o.slug LIKE 'bench-%' AND u.email = 'member@' || o.slug || '.example'
       ORDER BY o.slug`);
    return rows;
  });
}

/** What the run needs to know: members, version, rows, and the process all others of this PostgreSQL descend from. */
async function askDatabase(ownerUrl) {
  const members = await listMembers(ownerUrl);
  return withClient(ownerUrl, async (client) => {
    const { rows } = await client.query(
      `
      SELECT current_setting('server_version') AS version, pg_backend_pid() AS backend,
             (SELECT count(*)::int FROM public.contacts WHERE org_id = ANY ($1)) AS contacts,
             (SELECT count(*)::int FROM public.deals WHERE org_id = ANY ($1)) AS deals,
             (SELECT count(*)::int FROM public.activities WHERE org_id = ANY ($1)) AS activities`,
      [members.map(({ org }) => org)],
    );
    const { version, backend, ...counts } = rows[0];
    return { members, version, counts, postmaster: parentOf(backend) };
  });
}

export async function withClient(connectionString, work) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
