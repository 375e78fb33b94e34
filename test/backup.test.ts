import { createHash, randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Client } from 'pg';
import { seedDemo } from '../prisma/seed/demo.js';
import { createBackup, hasSecretOf, readManifest, restoreBackup, type Manifest } from '../src/db/backup/index.js';
import { asAdmin, ROOT, SECRET } from './support/cluster.js';
import { connect, freshDatabase, testCluster, type TestDatabase } from './support/database.js';
import { world } from './support/world.js';

const silent = (): undefined => undefined;
const scratch = mkdtempSync(path.join(tmpdir(), 'pulse-backup-'));
const odd = 'tab\t line\n return\r back\\slash \\N \\. "quotes" \'\' NULL {} Ärzte 🙂 %_';

let source: TestDatabase;
let backup: string;
let manifest: Manifest;

beforeAll(async () => {
  source = await freshDatabase();
  await using(source.ownerUrl, async (client) => {
    await seedDemo(client, { passwordHash: 'hash', now: new Date(), say: silent });
    await fillOddly(client);
  });
  backup = path.join(scratch, 'whole');
  manifest = await createBackup({ url: source.ownerUrl, folder: backup, secret: SECRET, say: silent });
}, 60_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function using<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = await connect(url);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Values that a careless text format would change, through every type the tables have. */
async function fillOddly(client: Client): Promise<void> {
  const made = world(client, 'hash');
  const org = await made.organization();
  const contactId = await made.contact(org, { first_name: odd, last_name: '', tags: [odd, '', 'a,b', '{x}', 'NULL'] });
  await made.contact(org, { first_name: '\\N', last_name: '\\.', tags: [], email: null });
  await made.deal(org, { title: odd, value: '9007199254740993.10', contact_id: contactId });
  await client.query(`UPDATE organizations SET settings = $2 WHERE id = $1`, [
    org.id,
    JSON.stringify({ [odd]: [odd, 1e300, null] }),
  ]);
  await expect(client.query('UPDATE organizations SET name = $2 WHERE id = $1', [org.id, 'a\0b'])).rejects.toThrow(/0x00/);
}

function rolesOf(database: TestDatabase) {
  const { appUrl, signinUrl, workerUrl, ownerUrl } = database;
  return { ownerUrl, appUrl, signinUrl, workerUrl, readerRole: `${testCluster().template}_reader`, secret: SECRET };
}

function restore(folder: string, target: TestDatabase, options: { root?: string; startOver?: boolean } = {}): Promise<Manifest> {
  return restoreBackup({ root: ROOT, folder, roles: rolesOf(target), startOver: false, say: silent, ...options });
}

/** A database without a single table, as an administrator makes it. */
async function bareDatabase(): Promise<TestDatabase> {
  const database = await freshDatabase();
  const admin = testCluster();
  await asAdmin(admin.adminUrl, [`DROP DATABASE ${database.name}`, `CREATE DATABASE ${database.name} OWNER ${admin.owner}`]);
  return database;
}

/** Every table's content, whatever tables there are, and what guards them; but for the facts that a restore adds. */
function contents(url: string): Promise<Record<string, string>> {
  return using(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> '_prisma_migrations'`,
    );
    const { rows: guards } = await client.query(GUARDS);
    const found: Record<string, string> = { guards: JSON.stringify(guards) };
    for (const { name } of rows) {
      const { rows: texts } = await client.query<{ text: string }>(
        WITHOUT_RESTORES[name] ?? `SELECT t::text AS text FROM public."${name}" AS t`,
      );
      const lines = texts.map(({ text }) => text).sort();
      found[name] = `${lines.length} ${createHash('sha256').update(lines.join('\n')).digest('hex')}`;
    }
    return found;
  });
}

const WITHOUT_RESTORES: Record<string, string> = {
  audit_logs: `SELECT t::text AS text FROM public.audit_logs AS t WHERE action <> 'RESTORE_BACKUP'`,
  audit_heads: `SELECT org_id || ' ' || seq AS text FROM (
    SELECT h.org_id, h.seq - (SELECT count(*) FROM audit_logs AS a WHERE a.org_id = h.org_id AND a.action = 'RESTORE_BACKUP') AS seq
      FROM public.audit_heads AS h) AS counted WHERE seq > 0`,
};

const GUARDS = `
  SELECT conrelid::regclass::text || ' ' || pg_get_constraintdef(oid) || convalidated AS guard FROM pg_constraint WHERE contype = 'f'
  UNION ALL SELECT tgrelid::regclass::text || ' ' || tgname || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT oid::regclass::text || ' rls ' || relrowsecurity || relforcerowsecurity FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
  ORDER BY guard`;

async function countOrganizations(url: string): Promise<number> {
  const rows = await ask<{ count: number }>(url, 'SELECT count(*)::int AS count FROM public.organizations');
  return rows[0]?.count ?? -1;
}

function ask<Row extends object>(url: string, text: string): Promise<Row[]> {
  return using(url, async (client) => (await client.query<Row>(text)).rows);
}

/** A copy of the backup to do something to. */
function copyOfBackup(): string {
  const folder = path.join(scratch, randomUUID());
  cpSync(backup, folder, { recursive: true });
  return folder;
}

/** Changes a table's text and makes the manifest agree, as an attacker or a bug of ours would. */
function forge(table: string, change: (text: string) => string): string {
  const folder = copyOfBackup();
  const file = path.join(folder, `${table}.copy.gz`);
  const text = change(gunzipSync(readFileSync(file)).toString());
  writeFileSync(file, gzipSync(text));
  const tables = manifest.tables.map((entry) =>
    entry.name === table
      ? { ...entry, rows: text.split('\n').length - 1, sha256: createHash('sha256').update(text).digest('hex') }
      : entry,
  );
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify({ ...manifest, tables }));
  return folder;
}

describe('a backup', () => {
  test('holds every table, counted and hashed, for its owner alone', async () => {
    const expected = Object.keys(await contents(source.ownerUrl)).filter(
      (name) => name !== 'guards' && name !== 'organization_export_parts',
    );
    expect(manifest.tables.map(({ name }) => name).sort()).toEqual(expected.sort());
    expect(readdirSync(backup).sort()).toEqual(['manifest.json', ...expected.map((name) => `${name}.copy.gz`)].sort());
    expect(statSync(backup).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(backup)) expect([file, statSync(path.join(backup, file)).mode & 0o777]).toEqual([file, 0o600]);
    expect(await readManifest(backup)).toEqual(manifest);
  });

  test('knows whether a SECRET_KEY is the one its passwords were hashed with, and does not hold it', () => {
    expect(hasSecretOf(manifest, SECRET)).toBe(true);
    expect(hasSecretOf(manifest, `${SECRET}!`)).toBe(false);
    expect(readFileSync(path.join(backup, 'manifest.json'), 'utf8')).not.toContain(SECRET);
  });

  test('is not made over another one, nor half', async () => {
    await expect(createBackup({ url: source.ownerUrl, folder: backup, secret: SECRET, say: silent })).rejects.toThrow(
      /is there already/,
    );
    const folder = path.join(scratch, 'refused');
    await expect(createBackup({ url: source.appUrl, folder, secret: SECRET, say: silent })).rejects.toThrow(
      /does not see every row of .*organizations.*owns the tables/,
    );
    const bare = await bareDatabase();
    await expect(createBackup({ url: bare.ownerUrl, folder, secret: SECRET, say: silent })).rejects.toThrow(
      /never set this database up/,
    );
    expect(readdirSync(scratch).filter((name) => name.startsWith('refused'))).toEqual([]);
  });
});

describe('restoring', () => {
  test.each([
    ['a database that Pulse has set up', freshDatabase],
    ['a database without a table', bareDatabase],
  ])('into %s gives every table as it was, with foreign keys, triggers and row-level security', async (_, make) => {
    const target = await make();
    await restore(backup, target);
    expect(await contents(target.ownerUrl)).toEqual(await contents(source.ownerUrl));
    const rows = await ask(target.ownerUrl, `SELECT value::text AS value, title FROM deals WHERE value = 9007199254740993.10`);
    expect(rows).toEqual([{ value: expect.stringMatching(/^9007199254740993\.10*$/) as string, title: odd }]);
  });

  test('goes on from where a sequence stood, with tables that nobody told it about, and leaves generated columns to PostgreSQL', async () => {
    const root = await rootWithExtraMigration();
    const from = await bareDatabase();
    await restore(backup, from, { root });
    await ask(from.ownerUrl, `INSERT INTO odd_things (kind, body) VALUES ('B', '\\x00ff5c'), (NULL, NULL)`);
    const folder = path.join(scratch, 'extra');
    const made = await createBackup({ url: from.ownerUrl, folder, secret: SECRET, say: silent });
    expect(made.sequences).toEqual([{ name: 'odd_things_id_seq', lastValue: '3', isCalled: true }]);
    const target = await bareDatabase();
    await restore(folder, target, { root });
    expect(await contents(target.ownerUrl)).toEqual(await contents(from.ownerUrl));
    const added = await ask(target.ownerUrl, 'INSERT INTO odd_things (kind) VALUES (NULL) RETURNING id::int, twice::int');
    expect(added).toEqual([{ id: 4, twice: 8 }]);
    await expect(restore(folder, await freshDatabase())).rejects.toThrow(
      /migration 29990101000000_odd, which this version of Pulse does not know/,
    );
  }, 60_000);

  test('of an older version into a newer one applies the later migrations to the restored rows', async () => {
    const root = await rootWithExtraMigration();
    const ahead = await bareDatabase();
    await restore(backup, ahead, { root });
    expect(await ask(ahead.ownerUrl, 'SELECT id::int, name FROM odd_things')).toEqual([{ id: 1, name: 'from the migration' }]);
    // What an empty database of the newer version looks like.
    await ask(ahead.ownerUrl, 'TRUNCATE organizations CASCADE');
    await expect(restore(backup, ahead, { root })).rejects.toThrow(/set up for a newer version.*Drop the database/);
    await restore(backup, ahead, { root, startOver: true });
    expect(await contents(ahead.ownerUrl)).toMatchObject({ odd_things: expect.stringMatching(/^1 /) as string });
    expect(await countOrganizations(ahead.ownerUrl)).toBe(3);
  }, 60_000);

  test('is refused where there are organizations, and where a Pulse runs', async () => {
    const before = await contents(source.ownerUrl);
    await expect(restore(backup, source)).rejects.toThrow(/There are organizations in the database .* already/);
    expect(await contents(source.ownerUrl)).toEqual(before);
    const busy = await freshDatabase();
    await using(busy.appUrl, () => expect(restore(backup, busy)).rejects.toThrow(/A Pulse is running .* Stop it first/));
  });

  test.each<[string, (folder: string) => void]>([
    ['changed', (folder) => writeFileSync(path.join(folder, 'deals.copy.gz'), gzipSync('something else\n'))],
    ['cut off', (folder) => cutShort(path.join(folder, 'activities.copy.gz'))],
    ['missing', (folder) => rmSync(path.join(folder, 'users.copy.gz'))],
    ['not to be read (the manifest)', (folder) => cutShort(path.join(folder, 'manifest.json'))],
  ])('a file that is %s is refused, and the database stays empty', async (_, damage) => {
    const folder = copyOfBackup();
    damage(folder);
    const target = await freshDatabase();
    await expect(restore(folder, target)).rejects.toThrow(/is damaged/);
    expect(await countOrganizations(target.ownerUrl)).toBe(0);
  });

  test.each<[string, () => string, RegExp]>([
    ['a NUL', () => forge('companies', (text) => text.replace('\t', '\t\0')), /could not be loaded \(invalid byte sequence/],
    ['a reference to nothing', () => forge('users', () => ''), /violates foreign key constraint/],
    ['a row twice', () => forge('users', (text) => `${text.split('\n')[0]}\n${text}`), /violates unique constraint/],
  ])('%s in a file is refused as a whole, walls and all', async (_, make, reason) => {
    const target = await freshDatabase();
    const before = await contents(target.ownerUrl);
    await expect(restore(make(), target)).rejects.toThrow(reason);
    expect(await contents(target.ownerUrl)).toEqual(before);
    expect(await countOrganizations(target.ownerUrl)).toBe(0);
  });
});

function cutShort(file: string): void {
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length / 2)));
}

/** The project's migrations and one more, as a later version would bring it: rows of its own, a trigger, odd names. */
async function rootWithExtraMigration(): Promise<string> {
  const root = mkdtempSync(path.join(scratch, 'root-'));
  cpSync(path.join(ROOT, 'prisma/migrations'), path.join(root, 'prisma/migrations'), { recursive: true });
  cpSync(path.join(ROOT, 'prisma/access.sql'), path.join(root, 'prisma/access.sql'));
  const folder = path.join(root, 'prisma/migrations/29990101000000_odd');
  mkdirSync(folder);
  writeFileSync(
    path.join(folder, 'migration.sql'),
    `CREATE TABLE odd_things (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "kind" char(1), body bytea, name text DEFAULT 'from the migration',
                              twice bigint GENERATED ALWAYS AS (id * 2) STORED);
     INSERT INTO odd_things (kind) VALUES ('A');
     CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append only'; END $$;
     CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON odd_things EXECUTE FUNCTION refuse();
     ALTER TABLE odd_things ENABLE ALWAYS TRIGGER keep;`,
  );
  return root;
}
