import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { Caller } from '../caller.js';
import { PrismaClient } from '../generated/prisma/client.js';
import type { SubscriptionPlan } from '../generated/prisma/enums.js';
import type { Watch } from '../watch.js';
import { isUuid } from '../lib/uuid.js';
import type { ScopeSettings } from './engine/scope.js';
import { withDump, type Dump } from './dump/dump.js';
import type { IsLeftOut } from './dump/tables.js';
import { attemptsIn, type OpenAttempts } from './attempts.js';
import { translateFailure } from './failures.js';
import { leasesIn, type TakeLease } from './leases.js';
import type { PrivacySettings } from './personal.js';
import { openShelf } from './prepared.js';
import { poolSizes } from './pool-sizes.js';
import { poolState, type PoolState } from './pool-state.js';
import { openReader, type Reader, type ReaderSettings } from './reader.js';
import { openSnapshot, type Snapshot } from './snapshot.js';
import { backendsOf } from './stop.js';
import { statementLog, type StatementLog } from './statements.js';
import { checkReady } from './readiness.js';
import { typeParsers } from './types.js';
import { watchStatements } from './watching.js';
import { writeIn, type WritePool } from './write.js';

export interface DatabaseSettings extends ReaderSettings, PrivacySettings {
  appUrl: string;
  signinUrl: string;
  poolSize: number;
  connectTimeoutMs: number;
  statementTimeoutMs: number;
  /** Names of the migrations the database must have; readiness asks for them. */
  migrations: readonly string[];
  /** Is told of every statement of the read side. */
  observe?: (text: string) => void;
  /** What carries the engine's statements; pg unless the bench compares others (docs/decisions/0005-what-carries-statements.md). */
  carrier?: (pool: pg.Pool, orgId: string, log: StatementLog) => Snapshot;
}

/** The database as the rest of the server may use it. */
export interface Database {
  /** What the caller can see, in one snapshot. Close it. */
  readerFor(caller: Caller, watch?: Watch): Reader;
  /** One read-write transaction that can only touch one organization. Rolled back, with its reason, when `signal` is aborted. */
  write<Result>(orgId: string, work: (tx: Transaction) => Promise<Result>, signal?: AbortSignal, watch?: Watch): Promise<Result>;
  /** All rows of an organization in one snapshot, but for what is left out. Takes as long as it takes, on a connection of its own. */
  dump<Result>(orgId: string, isLeftOut: IsLeftOut, work: (dump: Dump) => Promise<Result>): Promise<Result>;
  /** Who signs in with this e-mail, over all organizations; inactive and deleted users are not found. */
  findLogin(email: string): Promise<Login | null>;
  /** Puts a new hash of the same password in the place of a login's, unless it has another password by now. */
  renewHash(login: Login, hash: string): Promise<void>;
  /** Whether anybody has an account with this address; for mails to it, never for an answer. */
  isEmailTaken(email: string): Promise<boolean>;
  /** The newest registration of this address; the older ones are worthless. */
  newestRegistration(email: string): Promise<string | null>;
  /** What the database knows of people who were erased, over all organizations: in the order of the question. */
  erasureStates(people: readonly { orgId: string; recordId: string }[]): Promise<ErasureState[]>;
  /** The role of a session's user, while the session runs and the user may sign in; null otherwise. */
  findSessionRole(session: { orgId: string; userId: string; sessionId: string }): Promise<Caller['role'] | null>;
  /** The API key with a secret's hash, while it is good and who made it may sign in; null otherwise. */
  findApiKey(orgId: string, secretHash: Uint8Array): Promise<KnownKey | null>;
  /** Counts attempts, over all instances. */
  readonly attempts: OpenAttempts;
  /** Takes points out of what callers may spend, over all instances. */
  readonly lease: TakeLease;
  /** What an organization has subscribed to. */
  findPlan(orgId: string): Promise<SubscriptionPlan>;
  /** Whether requests can be answered: by both roles, on the migrations that this version needs. @throws when they cannot. */
  checkReady(): Promise<void>;
  /** Opens all connections now rather than while the first users sign in: both hash on the same few threads. */
  warmUp(): Promise<void>;
  /** How its pools are doing just now. */
  pools(): PoolState[];
  close(): Promise<void>;
  /** How a caller's scope is decided, and people are erased. */
  readonly scope: ScopeSettings & PrivacySettings;
  readonly log: StatementLog;
}

/** Prisma inside a transaction. Its rows are the organization's only, by the database's own policies. */
export type Transaction = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0];

export interface Login {
  orgId: string;
  userId: string;
  passwordHash: string;
  role: Caller['role'];
}

/** Erased; there and not erased; not there at all. */
export type ErasureState = 'ERASED' | 'THERE' | 'GONE';

/** An API key, and who made it. */
export interface KnownKey {
  keyId: string;
  userId: string;
  role: Caller['role'];
  scopes: string[];
}

/** Opens the pools; connections are made when they are needed, and kept. */
export function openDatabase(settings: DatabaseSettings): Database {
  const log = statementLog(settings.observe);
  const carry = settings.carrier ?? openSnapshot;
  const sizes = poolSizes(settings.poolSize);
  const readPool = makePool(settings, settings.appUrl, { max: sizes.read, pipeline: true });
  const writePool = makePool(settings, settings.appUrl, { max: sizes.write });
  const signinPool = makePool(settings, settings.signinUrl, { max: sizes.signin, query_timeout: settings.connectTimeoutMs });
  const writer = writePoolOf(writePool, log);
  const tools = { ...settings, shelf: openShelf() };
  return {
    log,
    scope: settings,
    readerFor: (caller, watch) => openReader(caller, carry(readPool, caller.orgId, log), tools, watch),
    write: (orgId, work, signal, watch) => writeIn(writer, settings, { orgId, work, signal, watch }),
    dump: (orgId, isLeftOut, work) => withDump(settings, orgId, isLeftOut, work),
    findLogin: (email) => findLogin(signinPool, email),
    renewHash: async ({ orgId, userId, passwordHash }, hash) => {
      const values = [orgId, userId, passwordHash, hash];
      await signinPool.query('SELECT signin.renew_hash($1, $2, $3, $4)', values).catch(rethrow);
    },
    isEmailTaken: async (email) => (await ask<boolean>(signinPool, 'SELECT signin.is_taken($1) AS answer', email)) === true,
    newestRegistration: (email) => ask<string>(signinPool, 'SELECT signin.newest_registration($1) AS answer', email),
    erasureStates: (people) => erasureStates(signinPool, people),
    findSessionRole: (session) => findSessionRole(readPool, session),
    findApiKey: (orgId, secretHash) => findApiKey(readPool, orgId, secretHash),
    attempts: attemptsIn(signinPool),
    lease: leasesIn(signinPool),
    findPlan: (orgId) => findPlan(readPool, orgId),
    checkReady: () => checkReady(readPool, signinPool, settings.migrations),
    pools: () => [poolState('read', readPool), poolState('write', writePool), poolState('signin', signinPool)],
    warmUp: () => warmUp([readPool, writePool, signinPool]),
    close: async () => {
      await writer.prisma.$disconnect();
      await Promise.all([readPool.end(), writePool.end(), signinPool.end()]);
    },
  };
}

function writePoolOf(pool: pg.Pool, log: StatementLog): WritePool {
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return { prisma, backends: backendsOf(pool), watch: watchStatements(pool), log };
}

function makePool(settings: DatabaseSettings, url: string, options: pg.PoolConfig & { pipeline?: boolean }): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    statement_timeout: settings.statementTimeoutMs,
    // On this side too: a server that is frozen cannot tell that time is up.
    query_timeout: settings.statementTimeoutMs + 1_000,
    lock_timeout: settings.statementTimeoutMs,
    idle_in_transaction_session_timeout: 2 * settings.statementTimeoutMs,
    options: '-c TimeZone=UTC',
    types: typeParsers,
    ...options,
    min: options.max,
  });
  // A connection that breaks while nobody waits on it is replaced by the pool; unheard, its error would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

async function findLogin(pool: pg.Pool, email: string): Promise<Login | null> {
  const { rows } = await pool
    .query<{ org_id: string; user_id: string; password_hash: string; role: Caller['role'] }>(
      'SELECT * FROM signin.find_login($1)',
      [email],
    )
    .catch(rethrow);
  const [row] = rows;
  return row ? { orgId: row.org_id, userId: row.user_id, passwordHash: row.password_hash, role: row.role } : null;
}

async function ask<Answer>(pool: pg.Pool, question: string, value: string): Promise<Answer | null> {
  const { rows } = await pool.query<{ answer: Answer | null }>(question, [value]).catch(rethrow);
  return rows[0]?.answer ?? null;
}

async function erasureStates(pool: pg.Pool, people: readonly { orgId: string; recordId: string }[]): Promise<ErasureState[]> {
  const values = [people.map(({ orgId }) => orgId), people.map(({ recordId }) => recordId)];
  const text = 'SELECT state FROM signin.erasure_states($1, $2) ORDER BY place';
  // A start has more patience than a sign-in.
  const patient = { text, values, query_timeout: 30_000 } as pg.QueryConfig;
  const { rows } = await pool.query<{ state: ErasureState }>(patient).catch(rethrow);
  return rows.map(({ state }) => state);
}

async function warmUp(pools: pg.Pool[]): Promise<void> {
  const clients = await Promise.all(
    pools.flatMap((pool) => Array.from({ length: pool.options.max }, () => pool.connect())),
  ).catch(rethrow);
  for (const client of clients) client.release();
}

/** Asked on the way of every request whose answer is older than a second. The ids are UUIDs, checked here. */
async function findSessionRole(
  pool: pg.Pool,
  { orgId, userId, sessionId }: { orgId: string; userId: string; sessionId: string },
): Promise<Caller['role'] | null> {
  if (![orgId, userId, sessionId].every(isUuid)) return null;
  const row = await askOne<{ role: Caller['role'] }>(
    pool,
    orgId,
    `SELECT u.role FROM read.sessions AS s JOIN read.users AS u ON u.org_id = s.org_id AND u.id = s.user_id
     WHERE s.id = '${sessionId}' AND s.user_id = '${userId}' AND s.ended_at IS NULL AND s.expires_at > now() AND u.is_active AND u.deleted_at IS NULL`,
  );
  return row?.role ?? null;
}

function findApiKey(pool: pg.Pool, orgId: string, secretHash: Uint8Array): Promise<KnownKey | null> {
  const hash = Buffer.from(secretHash).toString('hex');
  return askOne<KnownKey>(
    pool,
    orgId,
    `SELECT k.id AS "keyId", k.user_id AS "userId", u.role, k.scopes
       FROM public.api_keys AS k JOIN read.users AS u ON u.org_id = k.org_id AND u.id = k.user_id
      WHERE k.secret_hash = '\\x${hash}' AND k.revoked_at IS NULL AND k.expires_at > now() AND u.is_active AND u.deleted_at IS NULL`,
  );
}

async function findPlan(pool: pg.Pool, orgId: string): Promise<SubscriptionPlan> {
  const row = await askOne<{ plan: SubscriptionPlan }>(pool, orgId, 'SELECT subscription_plan AS plan FROM read.organizations');
  return row?.plan ?? 'FREE';
}

/**
 * One round trip, asked before anything else of a request: so that a frozen server is noticed within a second.
 *
 * @param question of ids and hashes that were checked: nothing else is spliced into it.
 */
async function askOne<Row extends object>(pool: pg.Pool, orgId: string, question: string): Promise<Row | null> {
  if (!isUuid(orgId)) return null;
  const text = `BEGIN READ ONLY; SET LOCAL app.org_id = '${orgId}'; ${question}; COMMIT`;
  const timed = { text, query_timeout: pool.options.connectionTimeoutMillis } as pg.QueryConfig;
  const results = (await pool.query(timed).catch(rethrow)) as unknown as pg.QueryResult<Row>[];
  return results[2]?.rows[0] ?? null;
}

function rethrow(error: unknown): never {
  throw translateFailure(error);
}
