import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import {
  change,
  enqueue,
  runJobs,
  runJobsOnce,
  type JobFailure,
  type JobInfo,
  type JobRequest,
  type Task,
} from '../src/db/index.js';
import { callerOf, openStage, type Stage } from './support/app.js';
import { asAdmin } from './support/cluster.js';
import { connect } from './support/database.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
let app: pg.Client;
let worker: pg.Client;

beforeAll(async () => {
  stage = await openStage();
  [app, worker] = await Promise.all([connect(stage.database.appUrl), connect(stage.database.workerUrl)]);
});
beforeEach(async () => {
  await doJobs(async () => undefined);
  org = await stage.world.organization();
});
afterAll(async () => {
  await Promise.all([app.end(), worker.end()]);
  await stage.close();
});

/** Does what is due, in this process. */
async function doJobs(task: Task): Promise<JobFailure[]> {
  const failures: JobFailure[] = [];
  await runJobsOnce({
    url: stage.database.workerUrl,
    tasks: { probe: task },
    onFailure: (failure) => failures.push(failure),
    onTrouble: (message) => failures.push({ reason: message } as JobFailure),
  });
  return failures;
}

/** The jobs that were done, by organization. */
async function jobsDone(): Promise<JobInfo[]> {
  const done: JobInfo[] = [];
  await doJobs(async (job) => void done.push(job));
  return done.filter(({ orgId }) => orgId === org.id);
}

const add = (job: Partial<JobRequest> = {}): Promise<void> =>
  stage.app.database.write(org.id, (tx) => enqueue(tx, { task: 'probe', payload: { id: org.id }, ...job }));

interface JobRow {
  id: string;
  key: string | null;
  payload: Record<string, string>;
  last_error: string | null;
  locked_by: string | null;
  run_at: Date;
}

const jobsOf = async (orgId: string): Promise<JobRow[]> =>
  (await stage.world.client.query<JobRow>(`SELECT * FROM graphile_worker._private_jobs WHERE payload ->> 'orgId' = $1`, [orgId]))
    .rows;

const lockedJobs = async (): Promise<number> => (await jobsOf(org.id)).filter((job) => job.locked_by).length;

const pidOf = async (client: pg.Client): Promise<number> =>
  (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0;

test('a job of a change that commits is done, in its organization’s name; one that rolls back never was', async () => {
  const request = { database: stage.app.database, origin: { operation: null, requestId: null }, idempotency: null };
  const caller = callerOf(org, 'MEMBER');
  const work = (id: string, fails: boolean): Promise<string> =>
    change({ ...request, caller } as never, org.id, async (writer) => {
      await writer.enqueue({ task: 'probe', payload: { id } });
      if (fails) throw new Error('It goes wrong after all.');
    });
  const [kept, lost] = [randomUUID(), randomUUID()];
  await work(kept, false);
  await expect(work(lost, true)).rejects.toThrow('It goes wrong after all.');
  expect((await jobsDone()).map(({ payload }) => payload)).toEqual([{ id: kept }]);
  expect(await jobsOf(org.id)).toEqual([]);
});

test('a job that is due later waits; one with the same key takes its place; keys are each organization’s own', async () => {
  const other = await stage.world.organization();
  const later = new Date(Date.now() + 3_600_000);
  await add({ key: 'once', runAt: later });
  await stage.app.database.write(other.id, (tx) => enqueue(tx, { task: 'probe', payload: {}, key: 'once', runAt: later }));
  expect(await jobsDone()).toEqual([]);
  const id = randomUUID();
  await add({ key: 'once', payload: { id } });
  expect(await jobsDone()).toEqual([{ orgId: org.id, payload: { id }, jobId: expect.any(String) }]);
  expect(await jobsOf(other.id)).toHaveLength(1);
});

test('a job holds ids and plain names, nothing about people and no secret', async () => {
  const wrong: Record<string, unknown>[] = [
    { email: 'ada@lovelace.example' },
    { name: 'Ada Lovelace' },
    { token: `prt.${randomUUID()}.x` },
    { count: 1 },
    { nested: { id: randomUUID() } },
    { list: [randomUUID()] },
    { none: null },
  ];
  for (const payload of wrong)
    await expect(add({ payload: payload as Record<string, string> })).rejects.toThrow(/P2010|ids and plain names/);
  for (const key of ['ada@lovelace.example', 'with blanks', ''])
    await expect(add({ key })).rejects.toThrow(/ids and plain names/);
  await expect(add({ task: 'No Task' })).rejects.toThrow(/ids and plain names/);
  await add({ payload: { orgId: randomUUID(), mail: 'passwordChanged', id: org.id } });
  expect((await jobsOf(org.id)).map(({ payload }) => payload)).toEqual([{ orgId: org.id, mail: 'passwordChanged', id: org.id }]);
});

test('the server’s role makes jobs inside an organization only, and sees none', async () => {
  const job = `SELECT jobs.enqueue('probe', '{}', NULL, NULL)`;
  await expect(app.query(job)).rejects.toThrow(/belongs to an organization/);
  await app.query(`BEGIN; SET LOCAL app.org_id = '${org.id}'`);
  await app.query(job);
  await app.query('ROLLBACK');
  await expect(app.query(job)).rejects.toThrow(/belongs to an organization/);
  await expect(app.query('SELECT * FROM graphile_worker._private_jobs')).rejects.toThrow(/permission denied/);
  await expect(app.query(`SELECT graphile_worker.add_job('probe')`)).rejects.toThrow(/permission denied/);
  await expect(app.query('SELECT jobs.reclaim()')).rejects.toThrow(/permission denied/);
  await expect(app.query('SELECT jobs.sweep()')).rejects.toThrow(/permission denied/);
});

test('the worker’s role takes and finishes jobs, and can do nothing else', async () => {
  const { rows: relations } = await worker.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class
      WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        AND has_schema_privilege(relnamespace, 'USAGE')
        AND CASE relkind WHEN 'S' THEN has_sequence_privilege(oid, 'USAGE, SELECT, UPDATE')
            ELSE has_any_column_privilege(oid, 'SELECT, INSERT, UPDATE, REFERENCES') OR has_table_privilege(oid, 'DELETE, TRUNCATE, TRIGGER') END
      ORDER BY 1`,
  );
  expect(relations.map(({ name }) => name)).toEqual(
    ['jobs', 'job_queues', 'tasks'].map((name) => `graphile_worker._private_${name}`).sort(),
  );
  const { rows: functions } = await worker.query<{ name: string }>(
    `SELECT oid::regprocedure::text AS name FROM pg_proc
      WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        AND has_schema_privilege(pronamespace, 'USAGE') AND has_function_privilege(oid, 'EXECUTE') ORDER BY 1`,
  );
  expect(functions.map(({ name }) => name)).toEqual([
    'audit.heads()',
    'jobs.plan_retention()',
    'jobs.purge_organizations()',
    'jobs.reclaim()',
    'jobs.sweep()',
  ]);
  await expect(worker.query('SELECT * FROM public.users')).rejects.toThrow(/permission denied/);
  await expect(worker.query('SELECT * FROM read.users')).rejects.toThrow(/permission denied/);
  await expect(worker.query(`SELECT graphile_worker.add_job('probe')`)).rejects.toThrow(/permission denied/);
  await expect(worker.query(`INSERT INTO graphile_worker._private_jobs (task_id) VALUES (1)`)).rejects.toThrow(
    /permission denied/,
  );
});

test('a job that fails is tried again later, and tells and stores nothing about anybody', async () => {
  await add();
  const failures = await doJobs(() => {
    throw Object.assign(new Error('550 no such user ada@lovelace.example'), { code: 'EENVELOPE', responseCode: 550 });
  });
  expect(failures).toMatchObject([{ task: 'probe', orgId: org.id, attempt: 1, isLast: false, reason: 'Error EENVELOPE 550' }]);
  expect(failures[0]?.stack).toMatch(/^ +at /);
  const [job] = await jobsOf(org.id);
  expect(job).toMatchObject({ last_error: 'Error EENVELOPE 550', locked_by: null, attempts: 1 });
  expect(job?.run_at.getTime()).toBeGreaterThan(Date.now() + 1_000);
  expect(JSON.stringify([job, { ...failures[0], cause: null }])).not.toContain('lovelace');
  await stage.world.client.query(`UPDATE graphile_worker._private_jobs SET run_at = now() WHERE id = $1`, [job?.id]);
  expect(await jobsDone()).toHaveLength(1);
});

test('jobs are done as they come, by a worker that stops when told, after what it has begun', async () => {
  const begun: string[] = [];
  const done: string[] = [];
  let goOn = (): void => undefined;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const settings = { url: stage.database.workerUrl, onFailure: () => undefined, onTrouble: () => undefined };
  const slow: Task = async ({ jobId }) => {
    begun.push(jobId);
    await gate;
    done.push(jobId);
  };
  const runner = await runJobs({ ...settings, tasks: { probe: slow } });
  await add();
  for (const end = Date.now() + 10_000; begun.length === 0 && Date.now() < end;)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(begun).toHaveLength(1);
  const stopped = runner.stop();
  goOn();
  await stopped;
  await add();
  expect(done).toEqual(begun);
  expect(await jobsDone()).toHaveLength(1);
});

test('a job is taken from a worker that is gone, not from one that is there', async () => {
  await add();
  await worker.query(
    `UPDATE graphile_worker._private_jobs SET locked_by = 'pool-gone', locked_at = now() WHERE payload ->> 'orgId' = '${org.id}'`,
  );
  expect(await jobsDone()).toEqual([]);
  await worker.query(`SELECT pg_advisory_lock(7285732, hashtext('pool-gone'))`);
  await worker.query('SELECT jobs.reclaim()');
  expect(await jobsDone()).toEqual([]);
  await worker.query(`SELECT pg_advisory_unlock(7285732, hashtext('pool-gone'))`);
  await worker.query('SELECT jobs.reclaim()');
  expect(await jobsDone()).toHaveLength(1);
});

test('a worker outlives its database: what it could not note is done again, and it goes on', async () => {
  const done: string[] = [];
  let goOn = (): void => undefined;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const slow: Task = async ({ jobId }) => {
    await gate;
    done.push(jobId);
  };
  const trouble: string[] = [];
  // The library prints what ended a worker of its own.
  const { trace } = console;
  console.trace = () => undefined;
  const settings = {
    url: stage.database.workerUrl,
    onFailure: () => undefined,
    onTrouble: (message: string) => trouble.push(message),
  };
  const runner = await runJobs({ ...settings, tasks: { probe: slow } });
  const { name, adminUrl } = stage.database;
  const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + 20_000; Date.now() < end && !(await isTrue());)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await isTrue()).toBe(true);
  };
  await add();
  await until(async () => (await lockedJobs()) === 1);
  const [job] = await jobsOf(org.id);
  // Nobody gets in, and the worker is thrown out, while its job runs.
  const role = new URL(stage.database.workerUrl).username;
  await asAdmin(adminUrl, [
    `ALTER DATABASE ${name} CONNECTION LIMIT 0`,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND usename = '${role}' AND pid <> ${await pidOf(worker)}`,
  ]);
  goOn();
  await until(() => done.length === 1 && trouble.length > 0);
  await asAdmin(adminUrl, [`ALTER DATABASE ${name} CONNECTION LIMIT -1`]);
  await until(async () => done.length === 2 && (await jobsOf(org.id)).length === 0);
  expect(done).toEqual([job?.id, job?.id]);
  await add();
  await until(() => done.length === 3);
  await runner.stop();
  console.trace = trace;
}, 60_000);

test('what is over is swept after its time, in every organization, and nothing else', async () => {
  const { client } = stage.world;
  const day = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
  /** A session with a chain of two tokens. */
  const session = async (orgId: string, userId: string, endedAt: string | null, expiresAt: string): Promise<string> => {
    const [id, first, second] = [randomUUID(), randomUUID(), randomUUID()];
    await client.query(
      `INSERT INTO sessions (org_id, id, user_id, created_at, last_used_at, expires_at, ended_at, end_reason) VALUES ($1, $2, $3, $4, $4, $5, $6, $7)`,
      [orgId, id, userId, day(400), expiresAt, endedAt, endedAt && 'LOGOUT'],
    );
    for (const [token, used, successor] of [
      [second, null, null],
      [first, day(399), second],
    ]) {
      await client.query(
        `INSERT INTO refresh_tokens (org_id, id, user_id, session_id, token_hash, created_at, expires_at, used_at, successor_id)
         VALUES ($1, $2, $3, $4, sha256($5), $6, $7, $8, $9)`,
        [orgId, token, userId, id, token, day(400), day(390), used, successor],
      );
    }
    return id;
  };
  const other = await stage.world.organization();
  const [mine, theirs] = [org.users.MEMBER.id, other.users.OWNER.id];
  const over = [
    await session(org.id, mine, day(31), day(-50)),
    await session(org.id, mine, null, day(31)),
    await session(other.id, theirs, day(200), day(100)),
  ];
  const kept = [await session(org.id, mine, day(29), day(-50)), await session(org.id, mine, null, day(-50))];
  for (const [key, expiresAt] of [
    ['over', day(0.01)],
    ['kept', day(-1)],
  ])
    await client.query(
      `INSERT INTO idempotency_keys (org_id, user_id, key, request, record_id, expires_at) VALUES ($1, $2, $3, 'x', $1, $4)`,
      [org.id, mine, key, expiresAt],
    );
  for (const [age, kept] of [
    [8, false],
    [6, true],
  ] as const) {
    const email = `${kept ? 'kept' : 'over'}@example.com`;
    await client.query(
      `INSERT INTO registrations (org_id, id, email, first_name, last_name, organization_name, settings, created_at, expires_at)
       VALUES ($1, gen_random_uuid(), $2, 'A', 'B', 'C', '{}', $3, $3)`,
      [org.id, email, day(age)],
    );
    await client.query(`INSERT INTO reset_requests (org_id, id, email, created_at) VALUES ($1, gen_random_uuid(), $2, $3)`, [
      org.id,
      email,
      day(age),
    ]);
    await client.query(
      `INSERT INTO account_tokens (org_id, id, user_id, purpose, created_at, expires_at) VALUES ($1, gen_random_uuid(), $2, 'RESET_PASSWORD', $3, $4)`,
      [org.id, mine, day(50), day(4 * age)],
    );
  }
  await add({ key: 'failed' });
  await add({ key: 'waits' });
  await client.query(
    `UPDATE graphile_worker._private_jobs SET attempts = max_attempts, run_at = $2 WHERE key = $1 || ':probe:failed'`,
    [org.id, day(31)],
  );
  const { rows } = await worker.query<{ sweep: number }>('SELECT jobs.sweep()');
  expect(rows).toEqual([{ sweep: 8 }]);
  const found = async (sql: string, values: unknown[]): Promise<unknown[]> =>
    (await client.query<{ value: unknown }>(sql, values)).rows.map(({ value }) => value);
  expect(await found('SELECT id AS value FROM sessions WHERE id = ANY($1)', [[...over, ...kept]])).toEqual(kept);
  expect(
    await found('SELECT session_id AS value FROM refresh_tokens WHERE session_id = ANY($1)', [[...over, ...kept]]),
  ).toHaveLength(4);
  expect(await found('SELECT key AS value FROM idempotency_keys WHERE org_id = $1', [org.id])).toEqual(['kept']);
  for (const table of ['registrations', 'reset_requests'])
    expect(await found(`SELECT email AS value FROM ${table} WHERE org_id = $1`, [org.id])).toEqual(['kept@example.com']);
  expect(await found('SELECT id AS value FROM account_tokens WHERE org_id = $1', [org.id])).toHaveLength(1);
  expect((await jobsOf(org.id)).map(({ key }) => key)).toEqual([`${org.id}:probe:waits`]);
});
