import type pg from 'pg';
import { graph } from '../src/domain/index.js';
import { connect, freshDatabase, testCluster, type TestDatabase } from './support/database.js';
import { passwords } from '../src/domain/auth/passwords.js';
import { SECRET } from './support/cluster.js';
import { world, type Organization } from './support/world.js';

/** Every table of the schema `public` but Prisma's own. What is new is covered unasked. */
let database: TestDatabase;
let owner: pg.Client;
let app: pg.Client;
let signin: pg.Client;
let org: Organization;
let tables: string[];

beforeAll(async () => {
  database = await freshDatabase();
  [owner, app, signin] = await Promise.all([connect(database.ownerUrl), connect(database.appUrl), connect(database.signinUrl)]);
  const made = world(owner, await passwords({ pepper: SECRET, cost: 4, leastLength: 12 }).hash('x'.repeat(12)));
  org = await made.organization();
  const deal = await made.deal(org, { contact_id: await made.contact(org, { company_id: await made.company(org) }) });
  await made.activity(org, { deal_id: deal });
  const { rows } = await owner.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND relname <> '_prisma_migrations' ORDER BY 1`,
  );
  tables = rows.map((row) => row.name);
});
afterAll(() => Promise.all([owner.end(), app.end(), signin.end()]));

const names = async (client: pg.Client, query: string, values: unknown[] = []): Promise<string[]> =>
  (await client.query<{ name: string }>(query, values)).rows.map((row) => row.name);

test('there are the tables of the product', () => {
  expect(tables).toEqual(
    expect.arrayContaining([
      'organizations',
      'users',
      'contacts',
      'companies',
      'pipelines',
      'pipeline_stages',
      'deals',
      'activities',
      'audit_logs',
      'refresh_tokens',
    ]),
  );
});

test('every table has an organization, row-level security that binds its owner too, and a tenant policy for the server', async () => {
  const without = await names(
    owner,
    `SELECT c.relname AS name FROM pg_class AS c WHERE c.relname = ANY($1) AND c.relnamespace = 'public'::regnamespace
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity
         AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = CASE c.relname WHEN 'organizations' THEN 'id' ELSE 'org_id' END AND attnotnull)
         AND EXISTS (SELECT FROM pg_policies WHERE tablename = c.relname AND policyname = 'tenant' AND roles = ARRAY[$2::name]
                     AND qual LIKE '%current_setting(''app.org_id''::text, true)%' AND with_check LIKE '%current_setting(''app.org_id''::text, true)%'))`,
    [tables, new URL(database.appUrl).username],
  );
  expect(without).toEqual([]);
});

test('no policy lets anybody but the reader and the owner see without the tenant condition', async () => {
  const { username } = new URL(database.appUrl);
  const open = await owner.query<{ tablename: string; policyname: string; roles: string[] }>(
    `SELECT tablename, policyname, roles::text[] FROM pg_policies WHERE schemaname = 'public' AND policyname NOT IN ('tenant') AND (roles && ARRAY['public', $1]::name[] OR policyname NOT IN ('reader', 'owner'))`,
    [username],
  );
  expect(open.rows).toEqual([]);
});

test('every view carries the tenant condition, belongs to the reader, and hides password hashes', async () => {
  const { rows } = await owner.query<{ name: string; definition: string; owner: string; columns: string[] }>(
    `SELECT c.relname AS name, pg_get_viewdef(c.oid) AS definition, c.relowner::regrole::text AS owner,
            (SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0) AS columns
     FROM pg_class AS c WHERE c.relkind = 'v' AND c.relnamespace = 'read'::regnamespace`,
  );
  expect(rows.map((row) => row.name)).toEqual(expect.arrayContaining([...graph.keys()]));
  for (const view of rows) {
    const key = view.name === 'organizations' ? 'id' : 'org_id';
    expect(view.definition.replace(/\s+/g, ' ')).toMatch(
      new RegExp(
        `WHERE \\((${view.name}\\.)?${key} = \\( SELECT \\(NULLIF\\(current_setting\\('app\\.org_id'::text, true\\), ''::text\\)\\)::uuid AS "nullif"\\)\\);$`,
      ),
    );
    expect(view.owner).toBe(`${testCluster().template}_reader`);
    expect(view.columns).not.toContain('password_hash');
  }
});

test('keys and unique indexes contain the organization, but for the short list', async () => {
  const unique = await names(
    owner,
    `SELECT i.indexrelid::regclass::text AS name FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
     WHERE c.relname = ANY($1) AND c.relnamespace = 'public'::regnamespace AND (i.indisunique OR i.indisexclusion)
       AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum = ANY(i.indkey) AND a.attname = 'org_id') ORDER BY 1`,
    [tables],
  );
  // An organization's own key; its short name, by which it is found from outside; the e-mail one signs in with.
  expect(unique).toEqual(['organizations_pkey', 'organizations_slug_key', 'users_email_key']);
});

test('every reference between tenant tables is composite: it cannot point into another organization', async () => {
  const simple = await names(
    owner,
    `SELECT conname AS name FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND confrelid <> 'organizations'::regclass
       AND NOT EXISTS (SELECT FROM unnest(conkey, confkey) AS pair (mine, theirs)
                       JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = mine AND a.attname = 'org_id'
                       JOIN pg_attribute AS b ON b.attrelid = confrelid AND b.attnum = theirs AND b.attname = 'org_id')`,
  );
  expect(simple).toEqual([]);
});

test('every foreign key and every deleted_at is the start of an index behind org_id', async () => {
  const missing = await names(
    owner,
    `WITH wanted AS (
       SELECT conrelid AS table_id, a.attname AS name FROM pg_constraint JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = ANY(conkey) AND a.attname <> 'org_id'
        WHERE contype = 'f' AND connamespace = 'public'::regnamespace
       UNION SELECT attrelid, attname FROM pg_attribute WHERE attname = 'deleted_at' AND attrelid = ANY($1::regclass[]))
     SELECT table_id::regclass || '.' || name AS name FROM wanted
      WHERE NOT EXISTS (SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = table_id AND a.attnum = i.indkey[1]
                        WHERE i.indrelid = table_id AND a.attname = wanted.name)`,
    [tables],
  );
  expect(missing).toEqual([]);
});

test("the server's roles own nothing, bypass nothing, and cannot truncate, refer or create", async () => {
  const strong = `
    SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb AS any_right,
           EXISTS (SELECT FROM pg_class WHERE relowner = r.oid) OR EXISTS (SELECT FROM pg_proc WHERE proowner = r.oid) AS owns,
           EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) AS member,
           EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
                   AND has_table_privilege(r.oid, c.oid, 'TRUNCATE, REFERENCES, TRIGGER')) AS truncates,
           EXISTS (SELECT FROM pg_namespace AS n WHERE has_schema_privilege(r.oid, n.oid, 'CREATE')) AS creates
    FROM pg_roles AS r WHERE rolname = $1`;
  for (const url of [database.appUrl, database.signinUrl, database.workerUrl]) {
    const { rows } = await owner.query(strong, [new URL(url).username]);
    expect(rows).toEqual([{ any_right: false, owns: false, member: false, truncates: false, creates: false }]);
  }
  const readable = `SELECT c.relname AS name FROM pg_class AS c WHERE c.relnamespace IN ('public'::regnamespace, 'read'::regnamespace) AND c.relkind IN ('r', 'v')
                    AND has_any_column_privilege($1, c.oid, 'SELECT, INSERT, UPDATE')`;
  for (const url of [database.signinUrl, database.workerUrl])
    expect(await names(owner, readable, [new URL(url).username])).toEqual([]);
});

test('nothing can set identity, tenant, version or timestamps, and audit rows cannot be changed or deleted', async () => {
  const settable = await names(
    app,
    `SELECT t || '.' || c AS name FROM unnest($1::text[]) AS t, unnest(ARRAY['id', 'org_id', 'version', 'created_at', 'updated_at', 'password_hash']) AS c
     WHERE EXISTS (SELECT FROM pg_attribute WHERE attrelid = ('public.' || t)::regclass AND attname = c) AND has_column_privilege('public.' || t, c, 'UPDATE')`,
    [tables],
  );
  // The head of the audit moves with every change; an idempotency key that has expired is taken over; a password can be set, not read.
  expect(settable.sort()).toEqual(['audit_heads.updated_at', 'idempotency_keys.org_id', 'users.password_hash']);
  expect(await names(app, `SELECT 'read' AS name WHERE has_column_privilege('public.users', 'password_hash', 'SELECT')`)).toEqual(
    [],
  );
  const deletable = await names(
    app,
    `SELECT t AS name FROM unnest($1::text[]) AS t WHERE has_table_privilege('public.' || t, 'DELETE')`,
    [tables],
  );
  expect(deletable).toEqual(['idempotency_keys']);
  expect(
    await names(
      app,
      `SELECT t AS name FROM unnest(ARRAY['audit_logs', 'audit_values', 'deal_history', 'pipeline_history']) AS t WHERE has_any_column_privilege('public.' || t, 'UPDATE')`,
    ),
  ).toEqual([]);
});

test('without context every table and view reads as empty, also on a session that had a context before', async () => {
  const mayRead = await names(
    owner,
    `SELECT t AS name FROM unnest($1::text[]) AS t WHERE has_any_column_privilege($2, 'public.' || t, 'SELECT')`,
    [tables, new URL(database.appUrl).username],
  );
  const relations = [...mayRead.map((table) => `public.${table}`), ...[...graph.keys()].map((view) => `read.${view}`)];
  const count = async (relation: string): Promise<number> =>
    (await app.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${relation}`)).rows[0]?.n ?? -1;
  await app.query(`BEGIN; SET LOCAL app.org_id = '${org.id}'`);
  expect(await count('read.contacts')).toBe(1);
  expect(await count('public.deals')).toBe(1);
  await app.query('COMMIT');
  for (const relation of relations) expect([relation, await count(relation)]).toEqual([relation, 0]);
});

test('without context, and with another one, writes are refused or touch nothing', async () => {
  const insert = `INSERT INTO companies (org_id, id, name) VALUES ('${org.id}', gen_random_uuid(), 'Mine now')`;
  await expect(app.query(insert)).rejects.toThrow(/row-level security/);
  expect((await app.query(`UPDATE deals SET title = 'x'`)).rowCount).toBe(0);
  await app.query(`BEGIN; SET LOCAL app.org_id = '00000000-0000-7000-8000-000000000001'`);
  await expect(app.query(insert)).rejects.toThrow(/row-level security/);
  await app.query('ROLLBACK');
});

test('signing in finds one user by e-mail and can ask nothing else', async () => {
  const { rows } = await signin.query<{ user_id: string }>('SELECT * FROM signin.find_login($1)', [
    org.users.MEMBER.email.toUpperCase(),
  ]);
  expect(rows.map((row) => row.user_id)).toEqual([org.users.MEMBER.id]);
  await expect(signin.query('SELECT * FROM public.users')).rejects.toThrow(/permission denied/);
  await expect(signin.query('SELECT * FROM read.users')).rejects.toThrow(/permission denied/);
  await expect(app.query('SELECT * FROM signin.find_login($1)', ['x'])).rejects.toThrow(/permission denied/);
});

test('stages are checked, projected, and cannot go while deals are in them', async () => {
  const set = (stages: unknown): Promise<unknown> =>
    owner.query('UPDATE pipelines SET stages = $1 WHERE id = $2', [JSON.stringify(stages), org.pipelineId]);
  const [first, second] = org.stageIds;
  const wrong: unknown[] = [
    [],
    {},
    'x',
    [{ id: first, name: 'One' }],
    [{ id: 'x', name: 'One', probability: 10 }],
    [{ id: first, name: ' ', probability: 10 }],
    [{ id: first, name: 'One', probability: 101 }],
    [{ id: first, name: 'One', probability: 1.5 }],
    [{ id: first, name: 'One', probability: 10, daysToRot: 0 }],
    [{ id: first, name: 'One', probability: 10, colour: 'red' }],
    [
      { id: first, name: 'One', probability: 10 },
      { id: first, name: 'Two', probability: 10 },
    ],
    [
      { id: first, name: 'One', probability: 10 },
      { id: second, name: 'ONE', probability: 10 },
    ],
  ];
  for (const stages of wrong) await expect(set(stages)).rejects.toThrow(/pipelines_stages_valid/);
  await expect(set([{ id: second, name: 'Second', probability: 50 }])).rejects.toThrow(/foreign key/);
  await set([
    { id: first, name: 'Renamed', probability: 10, daysToRot: 14 },
    { id: second, name: 'Second', probability: 50 },
  ]);
  const { rows } = await owner.query(
    'SELECT id, name, place, probability, days_to_rot FROM pipeline_stages WHERE pipeline_id = $1 ORDER BY place',
    [org.pipelineId],
  );
  expect(rows).toEqual([
    { id: first, name: 'Renamed', place: 1, probability: 10, days_to_rot: 14 },
    { id: second, name: 'Second', place: 2, probability: 50, days_to_rot: null },
  ]);
});

test('an organization has exactly one default pipeline', async () => {
  await expect(owner.query('UPDATE pipelines SET is_default = false WHERE id = $1', [org.pipelineId])).rejects.toThrow(
    /needs one default pipeline/,
  );
  await expect(
    owner.query(
      `INSERT INTO pipelines (org_id, id, name, is_default, stages) SELECT org_id, gen_random_uuid(), 'Second', true, jsonb_build_array(jsonb_build_object('id', gen_random_uuid(), 'name', 'One', 'probability', 1)) FROM pipelines WHERE id = $1`,
      [org.pipelineId],
    ),
  ).rejects.toThrow(/pipelines_one_default/);
  await expect(
    owner.query(`INSERT INTO organizations (id, name, slug) VALUES (gen_random_uuid(), 'None', 'none')`),
  ).rejects.toThrow(/needs one default pipeline/);
});

test('version and updated_at follow business columns only', async () => {
  const state = async (): Promise<unknown> => (await owner.query('SELECT version, updated_at FROM deals LIMIT 1')).rows[0];
  const before = await state();
  await owner.query(`UPDATE deals SET last_activity_at = now(), position = 'zz'`);
  await owner.query(`UPDATE deals SET title = title`);
  expect(await state()).toEqual(before);
  await owner.query(`UPDATE deals SET title = 'Other', value = 5`);
  expect(await state()).toMatchObject({ version: 2 });
});
