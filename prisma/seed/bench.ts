import type { Client } from 'pg';
import { loadTenant } from './bench/load.js';
import { insertTenants, planTenants } from './bench/organizations.js';
import { showProgress } from './bench/progress.js';
import { loadBeforeSearch } from './bench/search.js';
import type { Counts } from './bench/sizes.js';
import type { Tenant } from './bench/tenant.js';
import { makeWords } from './bench/words.js';
import { seedAlone } from './insert.js';
import { startOfDay } from './moments.js';

export interface BenchOptions {
  /** What the set is called. */
  name: string;
  /** The rows of each tenant. */
  shares: Counts[];
  passwordHash: string;
  now: Date;
  say: (line: string) => void;
}

/**
 * Loads a benchmark set in one transaction, so that an interrupted load leaves nothing, then vacuums and analyzes. The
 * same set whenever it is run on the same day. Other organizations may be there already.
 *
 * @throws Error when there are benchmark tenants already.
 */
export async function seedBench(client: Client, { name, shares, passwordHash, now, say }: BenchOptions): Promise<void> {
  const plan = planTenants(shares, startOfDay(now));
  const total = plan.reduce((sum, tenant) => sum + rowsOf(tenant), 0);
  say(`Loading benchmark set ${name}: ${total.toLocaleString('en')} rows in ${plan.length} organizations …`);
  await seedAlone(client, async () => {
    await checkNoBench(client);
    await insertTenants(client, plan, passwordHash);
    const orgIds = plan.map(({ orgId }) => orgId);
    await loadBeforeSearch(client, orgIds, () => loadAll(client, plan, total));
  });
  say('Vacuuming and analyzing …');
  await settle(client);
  say(`Done. Sign in as member@${plan[0]?.slug}.example, or with any other role’s name.`);
}

async function checkNoBench(client: Client): Promise<void> {
  const { rows } = await client.query<{ slug: string }>(
    `SELECT slug FROM public.organizations WHERE slug LIKE 'bench-%' ORDER BY slug LIMIT 1`,
  );
  if (rows[0])
    throw new Error(
      `There are benchmark organizations already (${rows[0].slug}). Load benchmark sets into a database without them.`,
    );
}

async function loadAll(client: Client, plan: Tenant[], total: number): Promise<void> {
  // Larger pending lists make GIN indexes cheaper to fill; they are emptied below.
  await client.query(`SET LOCAL gin_pending_list_limit = '32MB'; SET LOCAL work_mem = '128MB'`);
  const words = makeWords();
  const progress = showProgress(total);
  try {
    for (const tenant of plan) await loadTenant(client, tenant, words, progress.advance);
    await client.query('SELECT public.consents_from_contacts($1)', [plan.map(({ orgId }) => orgId)]);
  } finally {
    progress.stop();
  }
}

/** VACUUM beside ANALYZE: it empties the pending lists of GIN indexes and fills the visibility map, which measurements need. */
async function settle(client: Client): Promise<void> {
  for (const table of [
    'organizations',
    'users',
    'pipelines',
    'pipeline_stages',
    'companies',
    'contacts',
    'deals',
    'activities',
    'consents',
    'search_words',
    'search_terms',
    'search_notes',
  ]) {
    await client.query(`VACUUM (ANALYZE) public.${table}`);
  }
}

function rowsOf({ counts }: Tenant): number {
  return counts.companies + counts.contacts + counts.deals + counts.activities;
}
