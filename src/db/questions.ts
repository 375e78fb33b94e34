import type pg from 'pg';
import type { Caller } from '../caller.js';
import type { SubscriptionPlan } from '../generated/prisma/enums.js';
import { isUuid } from '../lib/uuid.js';
import { rethrow } from './failures.js';

/** What is asked without a snapshot: of all organizations by the role that signs people in, of one before a request begins. */

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

/** @see Database.findLogin */
export async function findLogin(pool: pg.Pool, email: string): Promise<Login | null> {
  const { rows } = await pool
    .query<{ org_id: string; user_id: string; password_hash: string; role: Caller['role'] }>(
      'SELECT * FROM signin.find_login($1)',
      [email],
    )
    .catch(rethrow);
  const [row] = rows;
  return row ? { orgId: row.org_id, userId: row.user_id, passwordHash: row.password_hash, role: row.role } : null;
}

/** What a function of the schema signin answers about one text. */
export async function ask<Answer>(pool: pg.Pool, question: string, value: string): Promise<Answer | null> {
  const { rows } = await pool.query<{ answer: Answer | null }>(question, [value]).catch(rethrow);
  return rows[0]?.answer ?? null;
}

/** @see Database.erasureStates */
export async function erasureStates(
  pool: pg.Pool,
  people: readonly { orgId: string; recordId: string }[],
): Promise<ErasureState[]> {
  const values = [people.map(({ orgId }) => orgId), people.map(({ recordId }) => recordId)];
  const text = 'SELECT state FROM signin.erasure_states($1, $2) ORDER BY place';
  // A start has more patience than a sign-in.
  const patient = { text, values, query_timeout: 30_000 } as pg.QueryConfig;
  const { rows } = await pool.query<{ state: ErasureState }>(patient).catch(rethrow);
  return rows.map(({ state }) => state);
}

/** Asked on the way of every request whose answer is older than a second. The ids are UUIDs, checked here. */
export async function findSessionRole(
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

/** @see Database.findApiKey */
export function findApiKey(pool: pg.Pool, orgId: string, secretHash: Uint8Array): Promise<KnownKey | null> {
  const hash = Buffer.from(secretHash).toString('hex');
  return askOne<KnownKey>(
    pool,
    orgId,
    `SELECT k.id AS "keyId", k.user_id AS "userId", u.role, k.scopes
       FROM public.api_keys AS k JOIN read.users AS u ON u.org_id = k.org_id AND u.id = k.user_id
      WHERE k.secret_hash = '\\x${hash}' AND k.revoked_at IS NULL AND k.expires_at > now() AND u.is_active AND u.deleted_at IS NULL`,
  );
}

/** @see Database.findPlan */
export async function findPlan(pool: pg.Pool, orgId: string): Promise<SubscriptionPlan> {
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

/** Failed attempts to sign in with something that is nobody's. */
export interface SigninFailure {
  reason: string;
  /** A keyed hash. */
  account: string | null;
  ip: string | null;
  /** How many attempts it stands for. */
  times: number;
}

/** @param pool of the sign-in role, the only one that may touch the schema throttle. */
export async function noteSigninFailure(pool: pg.Pool, { reason, account, ip, times }: SigninFailure): Promise<void> {
  const text = 'INSERT INTO throttle.signin_failures (reason, account, ip, times) VALUES ($1, $2, $3, $4)';
  await pool.query(text, [reason, account, ip, times]).catch(rethrow);
}
