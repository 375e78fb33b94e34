import type { Client } from 'pg';
import { SIZES, shareOut } from '../prisma/seed/bench/sizes.js';
import { seedDemo } from '../prisma/seed/demo.js';
import { isEmpty } from '../prisma/seed/empty.js';
import { positionAt } from '../prisma/seed/positions.js';
import { runSeed } from '../prisma/seed.js';
import { connect, freshDatabase, ownerClient } from './support/database.js';

const TABLES = [
  'organizations',
  'users',
  'companies',
  'contacts',
  'pipelines',
  'pipeline_stages',
  'deals',
  'activities',
  'custom_fields',
];
const NOON = new Date('2026-06-10T12:00:00Z');

let client: Client;

beforeAll(async () => {
  client = await ownerClient();
  expect(await isEmpty(client)).toBe(true);
  await seed(NOON);
}, 30_000);

afterAll(() => client.end());

describe.each(['acme', 'globex'])('the demo organization %s', (slug) => {
  test('has eight users over the five roles, one of them for each login shown at the start', async () => {
    const users = await list<{ email: string; role: string }>('SELECT email, role FROM users WHERE org_id = $1', slug);
    expect(users).toHaveLength(8);
    for (const role of ['OWNER', 'ADMIN', 'MANAGER', 'MEMBER', 'VIEWER']) {
      expect(users).toContainEqual({ email: `${role.toLowerCase()}@${slug}.example`, role });
    }
  });

  test('has companies, contacts, deals and activities, a few of each deleted', async () => {
    for (const [table, count] of [
      ['companies', 120],
      ['contacts', 600],
      ['deals', 300],
      ['activities', 1_500],
    ] as const) {
      const [found] = await list(
        `SELECT count(*)::int AS count, count(deleted_at)::int AS deleted FROM ${table} WHERE org_id = $1`,
        slug,
      );
      expect(found).toEqual({ count, deleted: Math.round(count * 0.03) });
    }
  });

  test('has two pipelines with different stages, one of them the default', async () => {
    const pipelines = await list<{ names: string[]; is_default: boolean }>(
      `SELECT is_default, ARRAY(SELECT name FROM pipeline_stages s WHERE s.org_id = p.org_id AND s.pipeline_id = p.id ORDER BY place) AS names
         FROM pipelines p WHERE org_id = $1 ORDER BY id`,
      slug,
    );
    expect(pipelines.map((pipeline) => pipeline.is_default).sort()).toEqual([false, true]);
    expect(pipelines[0]?.names).not.toEqual(pipelines[1]?.names);
  });

  test('has deals in every stage and state, made within the last year', async () => {
    const [empty] = await list(
      `SELECT count(*)::int AS stages FROM pipeline_stages s
        WHERE s.org_id = $1 AND NOT EXISTS (SELECT FROM deals d WHERE d.org_id = s.org_id AND d.stage_id = s.id)`,
      slug,
    );
    expect(empty).toEqual({ stages: 0 });
    expect(await list('SELECT DISTINCT status::text FROM deals WHERE org_id = $1 ORDER BY 1', slug)).toHaveLength(3);
    const [span] = await list<{ oldest: Date; newest: Date }>(
      'SELECT min(created_at) AS oldest, max(created_at) AS newest FROM deals WHERE org_id = $1',
      slug,
    );
    expect(span?.oldest.getTime()).toBeGreaterThan(Date.parse('2025-06-10'));
    expect(span?.oldest.getTime()).toBeLessThan(Date.parse('2025-08-10'));
    expect(span?.newest.getTime()).toBeLessThan(NOON.getTime());
  });

  test('has people with names, tags and, where they consented, the evidence', async () => {
    const [found] = await list(
      `SELECT count(*) FILTER (WHERE first_name = '' OR last_name = '' OR cardinality(tags) NOT BETWEEN 1 AND 4)::int AS poor,
              count(*) FILTER (WHERE gdpr_consent <> (num_nonnulls(gdpr_consent_at, gdpr_consent_source, gdpr_consent_text_version) = 3))::int AS unproven,
              round(avg(gdpr_consent::int), 1)::float AS consenting
         FROM contacts WHERE org_id = $1`,
      slug,
    );
    expect(found).toEqual({ poor: 0, unproven: 0, consenting: 0.6 });
  });

  test('has custom fields with values, and copies of those that are sorted by', async () => {
    const fields = await list<{ entity: string; key: string; slot: string | null; id: string }>(
      'SELECT id, entity::text, key, slot FROM custom_fields WHERE org_id = $1 ORDER BY place',
      slug,
    );
    expect(fields.map(({ key }) => key)).toEqual(['birthday', 'interests', 'employees', 'customerNumber', 'source']);
    for (const { id, entity, slot } of fields) {
      const table = { CONTACT: 'contacts', COMPANY: 'companies', DEAL: 'deals' }[entity] ?? '';
      const copy = slot
        ? `custom_${slot} IS NOT DISTINCT FROM public.custom_${slot.split('_')[0]}(custom_fields ->> '${id}')`
        : 'true';
      const [found] = await list(
        `SELECT avg((custom_fields ? '${id}')::int)::float BETWEEN 0.5 AND 0.9 AS known, bool_and(${copy}) AS copied FROM ${table} WHERE org_id = $1`,
        slug,
      );
      expect(found).toEqual({ known: true, copied: true });
    }
  });

  test.each(['contact', 'deal'])('dates the last activity of a %s by its activities', async (record) => {
    const wrong = await list(
      `SELECT id FROM ${record}s r WHERE org_id = $1 AND last_activity_at IS DISTINCT FROM
        (SELECT max(greatest(created_at, completed_at)) FROM activities a WHERE a.org_id = r.org_id AND a.${record}_id = r.id AND deleted_at IS NULL)`,
      slug,
    );
    expect(wrong).toEqual([]);
  });

  test('leaves nothing unfinished in its sentences', async () => {
    expect(
      await list(`SELECT subject FROM activities WHERE org_id = $1 AND subject || description ~ '[{}]|undefined|null'`, slug),
    ).toEqual([]);
  });

  test('orders the deals of a stage by keys with room between them', async () => {
    const keys = await list<{ stage_id: string; position: string }>(
      'SELECT stage_id, position FROM deals WHERE org_id = $1 ORDER BY stage_id, position',
      slug,
    );
    expect(new Set(keys.map((key) => key.stage_id + key.position)).size).toBe(300);
    expect(keys.filter((key) => key.position.endsWith('0'))).toEqual([]);
  });
});

test('positions increase byte by byte and never end in the lowest digit', () => {
  const keys = Array.from({ length: 5_000 }, (_, index) => positionAt(index, 5_000));
  expect([...keys].sort()).toEqual(keys);
  expect(new Set(keys).size).toBe(5_000);
  expect(keys.some((key) => key.endsWith('0'))).toBe(false);
});

test('a database that is not empty is left alone', async () => {
  const before = await fingerprint();
  await seed(new Date('2026-06-12T08:00:00Z'));
  expect(await fingerprint()).toBe(before);
});

test('the same day gives the same data, another day other dates', async () => {
  const before = await fingerprint();
  await client.query('TRUNCATE organizations CASCADE');
  await seed(new Date('2026-06-10T23:59:59Z'));
  expect(await fingerprint()).toBe(before);
  await client.query('TRUNCATE organizations CASCADE');
  await seed(new Date('2026-06-11T00:00:00Z'));
  expect(await fingerprint()).not.toBe(before);
}, 30_000);

test.each([
  ['M', 20],
  ['M', 7],
  ['L', 20],
  ['L', 1],
] as const)('benchmark set %s shared among %i tenants keeps its totals', (size, tenants) => {
  const shares = shareOut(SIZES[size], tenants);
  expect(shares).toHaveLength(tenants);
  for (const kind of ['companies', 'contacts', 'deals', 'activities'] as const) {
    expect(shares.reduce((sum, share) => sum + share[kind], 0)).toBe(SIZES[size].total[kind]);
  }
});

test.each([
  [['--size', 'XL'], /M or L/],
  [['--size', 'M', '--tenants', '0'], /whole number from 1/],
  [['--tenants', '3'], /needs --size/],
  [['--rows', 'many'], /whole numbers/],
  [['--rows', '10', '--size', 'M'], /one of them/],
  [['--sise', 'M'], /--sise/],
])('wrong arguments %j are answered with a sentence', async (argv, sentence) => {
  await expect(runSeed(argv, { ownerUrl: '', passwordHash: '', say: () => undefined })).rejects.toThrow(sentence);
});

test('a set of any rows is loaded tenant by tenant, and can be searched', async () => {
  const { ownerUrl } = await freshDatabase();
  const said: string[] = [];
  await runSeed(['--rows', '58,290'], { ownerUrl, passwordHash: 'no hash', say: (line) => said.push(line) });
  const other = await connect(ownerUrl);
  const { rows } = await other.query<{ slug: string; rows: number }>(`
    SELECT o.slug, ((SELECT count(*) FROM companies WHERE org_id = o.id) + (SELECT count(*) FROM contacts WHERE org_id = o.id)
                  + (SELECT count(*) FROM deals WHERE org_id = o.id) + (SELECT count(*) FROM activities WHERE org_id = o.id))::int AS rows
      FROM organizations AS o WHERE EXISTS (SELECT FROM search_words WHERE org_id = o.id) ORDER BY o.slug`);
  await other.end();
  expect(rows).toEqual([
    { slug: 'bench-001', rows: 58 },
    { slug: 'bench-002', rows: 290 },
  ]);
  expect(said[0]).toContain('348 rows in 2 organizations');
}, 30_000);

function seed(now: Date): Promise<void> {
  return seedDemo(client, { passwordHash: 'no hash', now, say: () => undefined });
}

async function list<Row extends object>(sql: string, slug: string): Promise<Row[]> {
  const {
    rows: [organization],
  } = await client.query<{ id: string }>('SELECT id FROM organizations WHERE slug = $1', [slug]);
  const { rows } = await client.query<Row>(sql, [organization?.id]);
  return rows;
}

async function fingerprint(): Promise<string> {
  const parts = TABLES.map((table) => `(SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM ${table} t)`);
  const { rows } = await client.query<{ all: string }>(`SELECT concat_ws(' ', ${parts.join(', ')}) AS "all"`);
  return rows[0]?.all ?? '';
}
