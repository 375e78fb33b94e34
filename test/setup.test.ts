import { createHash } from 'node:crypto';
import { appendFile, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { readFingerprint } from '../src/db/setup/access.js';
import { checkRole } from '../src/db/setup/check-roles.js';
import { setUpDatabase, type DatabaseUrls, type RoleSettings } from '../src/db/setup/index.js';
import { asAdmin, ROOT, SECRET, withDatabase } from './support/cluster.js';
import { connect, testCluster } from './support/database.js';

/** An empty database of a test's own. Its owner may make roles and is no superuser, unless the test says otherwise. */
interface Empty {
  name: string;
  ownerUrl: string;
  adminUrl: string;
}

const { adminUrl, template } = testCluster();
/** Of every database and every role made here. */
const PREFIX = `${template}_setup`;

let made = 0;
let folder: string;
const clients: pg.Client[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pulse-setup-'));
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await rm(folder, { recursive: true, force: true });
  await dropEverything();
});

async function emptyDatabase(rights = 'CREATEROLE', name = `${PREFIX}${(made += 1)}`): Promise<Empty> {
  await asAdmin(adminUrl, [
    `CREATE ROLE ${name} LOGIN ${rights} PASSWORD '${name}'`,
    `GRANT ${name} TO CURRENT_USER`,
    `CREATE DATABASE ${name} OWNER ${name}`,
  ]);
  return { name, ownerUrl: urlOf(name, name), adminUrl: withDatabase(adminUrl, name) };
}

/** The connection of a role whose password is its name. */
function urlOf(role: string, database: string): string {
  const url = new URL(withDatabase(adminUrl, database));
  url.username = role;
  url.password = role;
  return url.toString();
}

/** Databases before the roles that own them, and owners last: they have granted the others. */
async function dropEverything(): Promise<void> {
  const admin = await connect(adminUrl);
  const named = async (sql: string): Promise<string[]> =>
    (await admin.query<{ name: string }>(sql, [PREFIX])).rows.map((row) => row.name);
  try {
    for (const name of await named('SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)'))
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    for (const name of await named(
      'SELECT rolname AS name FROM pg_roles WHERE starts_with(rolname, $1) ORDER BY length(rolname) DESC',
    ))
      await admin.query(`DROP ROLE ${name}`);
  } finally {
    await admin.end();
  }
}

/** A connection that is ended with the last test. */
async function session(url: string): Promise<pg.Client> {
  const client = await connect(url);
  clients.push(client);
  return client;
}

async function valuesOf(client: pg.Client, sql: string, parameters: unknown[] = []): Promise<unknown[]> {
  const { rows } = await client.query<unknown[]>({ text: sql, values: parameters, rowMode: 'array' });
  return rows.map(([value]) => value);
}

const silent = (): void => undefined;

function setUp(database: Empty, settings: Partial<RoleSettings> & { root?: string; say?: (line: string) => void } = {}) {
  const { root = ROOT, say = silent, ...roles } = settings;
  return setUpDatabase(root, { ownerUrl: database.ownerUrl, secret: SECRET, ...roles }, say);
}

/** A project folder whose migrations and access rules can be changed. */
async function ownProject(): Promise<string> {
  const root = await mkdtemp(path.join(folder, 'project-'));
  await cp(path.join(ROOT, 'prisma/migrations'), path.join(root, 'prisma/migrations'), { recursive: true });
  await cp(path.join(ROOT, 'prisma/access.sql'), path.join(root, 'prisma/access.sql'));
  return root;
}

async function writeMigration(root: string, name: string, sql: string): Promise<void> {
  const target = path.join(root, 'prisma/migrations', name);
  await mkdir(target, { recursive: true });
  await writeFile(path.join(target, 'migration.sql'), sql);
}

/** `prisma/migrations` as Prisma reads it. */
async function migrationsOf(root: string): Promise<{ name: string; checksum: string }[]> {
  const entries = await readdir(path.join(root, 'prisma/migrations'), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const checksumOf = async (name: string): Promise<string> =>
    createHash('sha256')
      .update(await readFile(path.join(root, 'prisma/migrations', name, 'migration.sql')))
      .digest('hex');
  return Promise.all(names.sort().map(async (name) => ({ name, checksum: await checksumOf(name) })));
}

/** Every object of a database with the transaction that last wrote it: equal before and after when nothing was changed. */
async function catalogue(owner: pg.Client): Promise<unknown[]> {
  const tables = ['pg_class', 'pg_proc', 'pg_policy', 'pg_namespace', 'pg_type', 'pg_constraint', 'pg_trigger', 'pg_default_acl'];
  const parts = tables.map((table) => `SELECT '${table} ' || oid || ' ' || xmin FROM ${table} WHERE oid >= 16384`);
  return valuesOf(owner, `${parts.join(' UNION ALL ')} ORDER BY 1`);
}

describe('setting up a database', () => {
  test('several instances that start at once migrate once, and one that starts later changes nothing', async () => {
    const database = await emptyDatabase();
    const said: string[] = [];
    const say = (line: string): number => said.push(line);
    const urls = await Promise.all(Array.from({ length: 5 }, () => setUp(database, { say })));
    expect(new Set(urls.map((each) => JSON.stringify(each))).size).toBe(1);
    const migrations = await migrationsOf(ROOT);
    expect(said).toEqual([
      ...migrations.map(({ name }) => `Applying migration ${name} …`),
      'Roles, policies and views are set up.',
    ]);

    const owner = await session(database.ownerUrl);
    const [before, fingerprint] = [await catalogue(owner), await readFingerprint(owner)];
    await setUp(database, { say });
    expect(said).toHaveLength(migrations.length + 1);
    expect(await readFingerprint(owner)).toBe(fingerprint);
    expect(await catalogue(owner)).toEqual(before);
  });

  test('the history is Prisma’s: the same table, the same checksums', async () => {
    const database = await emptyDatabase();
    await setUp(database);
    const owner = await session(database.ownerUrl);
    const { rows } = await owner.query(
      `SELECT migration_name AS name, checksum, applied_steps_count AS steps, finished_at >= started_at AS finished, rolled_back_at, logs
       FROM public._prisma_migrations ORDER BY 1`,
    );
    const done = { steps: 1, finished: true, rolled_back_at: null, logs: null };
    expect(rows).toEqual((await migrationsOf(ROOT)).map((migration) => ({ ...migration, ...done })));
    const columns = await valuesOf(
      owner,
      `SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END, pg_get_expr(adbin, adrelid))
       FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
       WHERE attrelid = 'public._prisma_migrations'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    // https://github.com/prisma/prisma-engines, schema-engine/connectors: the PostgreSQL flavour's migrations table.
    expect(columns).toEqual([
      'id character varying(36) NOT NULL',
      'checksum character varying(64) NOT NULL',
      'finished_at timestamp with time zone',
      'migration_name character varying(255) NOT NULL',
      'logs text',
      'rolled_back_at timestamp with time zone',
      'started_at timestamp with time zone NOT NULL now()',
      'applied_steps_count integer NOT NULL 0',
    ]);
  });

  test('a new secret gives the roles new passwords', async () => {
    const database = await emptyDatabase();
    // What the server keeps of passwords: one that trusts its own machine would let any of them in.
    const stored = async (): Promise<string[]> => {
      const admin = await session(adminUrl);
      const names = [`${database.name}_app`, `${database.name}_signin`, `${database.name}_worker`];
      const { rows } = await admin.query<{ hash: string }>('SELECT rolpassword AS hash FROM pg_authid WHERE rolname = ANY($1)', [
        names,
      ]);
      return rows.map((row) => row.hash);
    };
    await setUp(database);
    const before = await stored();
    const after = await setUp(database, { secret: 'another secret for tests, long enough to be one' });
    for (const role of ['app', 'signin', 'worker'] as const) await session(after[role]);
    const now = await stored();
    expect([before.length, now.length]).toEqual([3, 3]);
    expect(now.filter((hash) => before.includes(hash))).toEqual([]);
  });
});

describe('a migration', () => {
  const LATER = '29990101000000_later';
  let root: string;
  let database: Empty;
  let owner: pg.Client;

  beforeEach(async () => {
    [root, database] = await Promise.all([ownProject(), emptyDatabase()]);
    owner = await session(database.ownerUrl);
  });

  const found = async (table: string): Promise<unknown> =>
    (await valuesOf(owner, `SELECT to_regclass($1)::text`, [`public.${table}`]))[0];

  test('that fails half-way leaves nothing behind, and can be run again once it is mended', async () => {
    await setUp(database);
    const before = await catalogue(owner);
    await writeMigration(
      root,
      LATER,
      'CREATE TABLE public.half (id integer); ALTER TABLE public.deals ADD COLUMN half text; SELECT 1 / 0;',
    );
    await expect(setUp(database, { root })).rejects.toThrow(`Migration ${LATER} failed and was rolled back: division by zero`);
    expect(await catalogue(owner)).toEqual(before);
    expect(await valuesOf(owner, 'SELECT migration_name FROM public._prisma_migrations')).not.toContain(LATER);

    await writeMigration(root, LATER, 'CREATE TABLE public.half (id integer);');
    await setUp(database, { root });
    expect(await found('half')).toBe('half');
    expect(await valuesOf(owner, 'SELECT checksum FROM public._prisma_migrations ORDER BY migration_name')).toEqual(
      (await migrationsOf(root)).map(({ checksum }) => checksum),
    );
  });

  test('that fails on a new database keeps the ones before it, and nobody but the owner is let in yet', async () => {
    await writeMigration(root, LATER, 'SELECT nonsense;');
    await expect(setUp(database, { root })).rejects.toThrow(/column "nonsense" does not exist/);
    expect(await found('deals')).toBe('deals');
    expect(await readFingerprint(owner)).toBeNull();
    const app = await session((await setUp(database)).app);
    expect(await valuesOf(app, 'SELECT count(*)::int FROM read.deals')).toEqual([0]);
  });

  test('whose connection is cut leaves nothing behind either', async () => {
    await writeMigration(root, LATER, 'CREATE TABLE public.half (id integer); SELECT pg_terminate_backend(pg_backend_pid());');
    await expect(setUp(database, { root })).rejects.toThrow(
      `Migration ${LATER} failed and was rolled back: terminating connection due to administrator command`,
    );
    expect(await found('half')).toBeNull();
    await setUp(database);
  });

  test('that was edited after it had been applied is refused', async () => {
    await setUp(database, { root });
    const [{ name } = { name: '' }] = await migrationsOf(root);
    await appendFile(path.join(root, 'prisma/migrations', name, 'migration.sql'), '\n-- one more thing');
    await expect(setUp(database, { root })).rejects.toThrow(
      `Migration ${name} was edited after it had been applied. Restore the file and put the change into a new migration.`,
    );
  });

  test('that this version does not know is a sentence', async () => {
    await writeMigration(root, LATER, 'CREATE TABLE public.news (id integer);');
    await setUp(database, { root });
    await expect(setUp(database)).rejects.toThrow(
      `The database has migration ${LATER}, which this version of Pulse does not know. Start the newer version, or use another database.`,
    );
  });
});

describe('the access rules', () => {
  let root: string;
  let database: Empty;
  let owner: pg.Client;
  let urls: DatabaseUrls;

  beforeEach(async () => {
    [root, database] = await Promise.all([ownProject(), emptyDatabase()]);
    urls = await setUp(database, { root });
    owner = await session(database.ownerUrl);
  });

  const append = (sql: string): Promise<void> => appendFile(path.join(root, 'prisma/access.sql'), `\n${sql}\n`);

  test('are applied anew when their text changes, all of them in one transaction', async () => {
    const before = await readFingerprint(owner);
    const said: string[] = [];
    await append(`COMMENT ON SCHEMA signin IS 'second edition';`);
    await setUp(database, { root, say: (line) => said.push(line) });
    expect(said).toEqual(['Roles, policies and views are set up.']);
    expect(await readFingerprint(owner)).not.toBe(before);
    const transactions = await valuesOf(
      owner,
      `SELECT xmin::text FROM pg_class WHERE relnamespace = 'read'::regnamespace UNION SELECT xmin::text FROM pg_policy
       UNION SELECT xmin::text FROM pg_namespace WHERE nspname IN ('read', 'signin')
       UNION SELECT xmin::text FROM pg_description WHERE objoid IN ('read'::regnamespace, 'signin'::regnamespace)`,
    );
    expect(transactions).toHaveLength(1);
  });

  test('are applied although requests of a server that is still running hold the same tables the other way round', async () => {
    await append(`COMMENT ON SCHEMA signin IS 'second edition';`);
    const serving = await session(database.ownerUrl);
    await serving.query('BEGIN');
    await serving.query('LOCK TABLE public.deals IN ACCESS SHARE MODE');
    const said: string[] = [];
    const applied = setUp(database, { root, say: (line) => said.push(line) });
    const waits = `SELECT count(*)::int AS value FROM pg_locks WHERE NOT granted AND relation = 'public.deals'::regclass`;
    while ((await valuesOf(owner, waits))[0] === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    // Who has waited longer is whom PostgreSQL ends.
    await serving.query('SELECT FROM public.organizations');
    await serving.query('COMMIT');
    await applied;
    expect(said).toEqual(['Roles, policies and views are set up.']);
  });

  test('are applied anew after a new migration, so that a new column is shown', async () => {
    await writeMigration(root, '29990101000000_later', 'ALTER TABLE public.deals ADD COLUMN mood text;');
    await setUp(database, { root });
    const app = await session(urls.app);
    await expect(app.query('SELECT mood FROM read.deals')).resolves.toMatchObject({ rowCount: 0 });
  });

  test('that are broken leave the old ones in force', async () => {
    const before = await catalogue(owner);
    const app = await session(urls.app);
    await append('DROP VIEW read.deals; SELECT 1 / 0;');
    await expect(setUp(database, { root })).rejects.toThrow(
      'Setting up roles, policies and views failed and was rolled back: division by zero',
    );
    expect(await catalogue(owner)).toEqual(before);
    expect(await valuesOf(app, 'SELECT count(*)::int FROM read.deals')).toEqual([0]);
  });

  test('come back when somebody took them away', async () => {
    await owner.query('DROP SCHEMA read CASCADE');
    await setUp(database, { root });
    const app = await session(urls.app);
    expect(await valuesOf(app, 'SELECT count(*)::int FROM read.deals')).toEqual([0]);
  });
});

describe('the server’s role', () => {
  let database: Empty;
  let urls: DatabaseUrls;

  beforeAll(async () => {
    database = await emptyDatabase('CREATEROLE', `${PREFIX}_checked`);
    urls = await setUp(database);
  });

  test('is accepted as the set-up made it', async () => {
    await expect(checkRole(urls.app)).resolves.toBeUndefined();
    await expect(checkRole(urls.signin)).resolves.toBeUndefined();
    await expect(checkRole(urls.worker)).resolves.toBeUndefined();
  });

  test.each([
    ['is a superuser', ['ALTER ROLE $ SUPERUSER']],
    ['bypasses row-level security', ['ALTER ROLE $ BYPASSRLS']],
    ['can make roles', ['ALTER ROLE $ CREATEROLE']],
    ['can make databases', ['ALTER ROLE $ CREATEDB']],
    ['can copy the whole server', ['ALTER ROLE $ REPLICATION']],
    ['can make schemas', [`GRANT CREATE ON DATABASE ${PREFIX}_checked TO $`]],
    ['is a member of other roles', ['GRANT pg_monitor TO $']],
    ['owns tables, views or functions', ['CREATE TABLE public.$_table (id integer)', 'ALTER TABLE public.$_table OWNER TO $']],
    ['owns tables, views or functions', ['CREATE VIEW public.$_view AS SELECT 1 AS one', 'ALTER VIEW public.$_view OWNER TO $']],
    [
      'owns tables, views or functions',
      ['CREATE FUNCTION public.$_function() RETURNS integer RETURN 1', 'ALTER FUNCTION public.$_function OWNER TO $'],
    ],
    ['owns a schema or the database', ['CREATE SCHEMA $_schema AUTHORIZATION $']],
    ['can make objects in a schema', ['GRANT CREATE ON SCHEMA public TO $']],
    ['can truncate, refer to, or put triggers on tables', ['GRANT TRUNCATE ON public.deals TO $']],
    ['can truncate, refer to, or put triggers on tables', ['GRANT REFERENCES ON public.deals TO $']],
    ['can truncate, refer to, or put triggers on tables', ['GRANT TRIGGER ON public.deals TO $']],
  ])('is refused when it %s', async (fault, statements) => {
    const role = `${PREFIX}_role${(made += 1)}`;
    const all = [`CREATE ROLE $ LOGIN PASSWORD '$'`, ...statements].map((statement) => statement.replaceAll('$', role));
    await asAdmin(database.adminUrl, all);
    const refusal = checkRole(urlOf(role, database.name));
    await expect(refusal).rejects.toThrow(`The database role "${role}" is too strong to serve requests: it `);
    await expect(refusal).rejects.toThrow(new RegExp(`( it|,) ${fault}[,.]`));
  });

  test('is not the one that migrates: each thing it can do is named', async () => {
    await expect(checkRole(database.ownerUrl)).rejects.toThrow(
      'it can make roles, is a member of other roles, owns tables, views or functions, owns a schema or the database, ' +
        'can make schemas, can make objects in a schema, can truncate, refer to, or put triggers on tables. Tenants would be kept apart by the application alone.',
    );
  });
});

describe('roles that an administrator made', () => {
  /** As docs/OPERATIONS.md has it: four roles, and an owner that may hand views over to one of them but makes none. */
  async function administered(): Promise<
    Empty & Required<Pick<RoleSettings, 'appUrl' | 'signinUrl' | 'workerUrl' | 'readerRole'>>
  > {
    const database = await emptyDatabase('NOCREATEROLE');
    const { name } = database;
    const [app, signin, worker, readerRole] = [`${name}_server`, `${name}_door`, `${name}_hands`, `${name}_eyes`];
    await asAdmin(database.adminUrl, [
      `CREATE ROLE ${app} LOGIN PASSWORD '${app}'`,
      `CREATE ROLE ${signin} LOGIN PASSWORD '${signin}'`,
      `CREATE ROLE ${worker} LOGIN PASSWORD '${worker}'`,
      `CREATE ROLE ${readerRole} NOLOGIN`,
      `GRANT ${readerRole} TO ${name}`,
    ]);
    const urls = { appUrl: urlOf(app, name), signinUrl: urlOf(signin, name), workerUrl: urlOf(worker, name) };
    return { ...database, ...urls, readerRole };
  }

  test('are used, and not altered', async () => {
    const { appUrl, signinUrl, workerUrl, readerRole, ...database } = await administered();
    const admin = await session(database.adminUrl);
    const roles = (): Promise<unknown[]> =>
      valuesOf(admin, `SELECT rolname || ' ' || xmin FROM pg_authid WHERE starts_with(rolname, $1) ORDER BY 1`, [database.name]);
    const before = await roles();
    const urls = await setUp(database, { appUrl, signinUrl, workerUrl, readerRole });
    expect(urls).toEqual({ owner: database.ownerUrl, app: appUrl, signin: signinUrl, worker: workerUrl });
    expect(await roles()).toEqual(before);

    await Promise.all([urls.app, urls.signin, urls.worker].map(checkRole));
    const [app, signin] = [await session(urls.app), await session(urls.signin)];
    expect(await valuesOf(app, 'SELECT count(*)::int FROM read.deals')).toEqual([0]);
    expect((await signin.query(`SELECT * FROM signin.find_login('nobody')`)).rowCount).toBe(0);
    expect(
      await valuesOf(app, `SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'read'::regnamespace`),
    ).toEqual([readerRole]);
  });

  test('are five, or nothing is touched: the owner would lock itself out', async () => {
    const { appUrl, signinUrl, workerUrl, readerRole, ...database } = await administered();
    const distinct = /must name five different roles/;
    await expect(setUp(database, { appUrl: database.ownerUrl, signinUrl, workerUrl, readerRole })).rejects.toThrow(distinct);
    await expect(setUp(database, { appUrl, signinUrl: appUrl, workerUrl, readerRole })).rejects.toThrow(distinct);
    await expect(setUp(database, { appUrl, signinUrl, workerUrl: appUrl, readerRole })).rejects.toThrow(distinct);
    await expect(setUp(database, { appUrl, signinUrl, workerUrl, readerRole: `${database.name}_server` })).rejects.toThrow(
      distinct,
    );
    await expect(setUp(database, { appUrl, signinUrl, workerUrl, readerRole })).resolves.toBeDefined();
  });

  test('are told apart in a sentence when the owner cannot hand views over, or nobody can be reached', async () => {
    const { appUrl, signinUrl, workerUrl, readerRole, ...database } = await administered();
    await asAdmin(adminUrl, [`REVOKE ${readerRole} FROM ${database.name}`]);
    const sentence = `The user of DATABASE_URL must be a member of the role ${readerRole} and could not become one: `;
    await expect(setUp(database, { appUrl, signinUrl, workerUrl, readerRole })).rejects.toThrow(sentence);
    await expect(setUp({ ...database, ownerUrl: urlOf('nobody', database.name) })).rejects.toThrow(
      /^No connection to the database ".*" on .* as "nobody": (password authentication failed for user|role) "nobody".*\. Check DATABASE_URL/,
    );
  });

  test('are needed when the user of DATABASE_URL may make none: the sentence says both ways out', async () => {
    const database = await emptyDatabase('NOCREATEROLE');
    const refusal = setUp(database);
    await expect(refusal).rejects.toThrow(
      `Could not create the database role ${database.name}_reader: permission denied to create role. Give the user of DATABASE_URL the ` +
        'CREATEROLE right, or have the roles made and set APP_DATABASE_URL, SIGNIN_DATABASE_URL, WORKER_DATABASE_URL and READER_ROLE (docs/OPERATIONS.md, "Roles").',
    );
    const owner = await session(database.ownerUrl);
    expect(await valuesOf(owner, `SELECT to_regclass('public.deals')`)).toEqual([null]);
  });
});
