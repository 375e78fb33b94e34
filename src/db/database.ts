import type pg from 'pg';
import type { Caller } from '../caller.js';
import type { SubscriptionPlan } from '../generated/prisma/enums.js';
import type { Watch } from '../watch.js';
import { withDump, type Dump } from './dump/dump.js';
import type { IsLeftOut } from './dump/tables.js';
import { attemptsIn, type OpenAttempts } from './attempts.js';
import { rethrow } from './failures.js';
import { openJoining, type PrismaTransaction } from './joining.js';
import { leasesIn, type TakeLease } from './leases.js';
import type { PrivacySettings } from './personal.js';
import { openShelf } from './prepared.js';
import { poolSizes } from './pool-sizes.js';
import { poolState, type PoolState } from './pool-state.js';
import { makePool, warmUp, type PoolSettings } from './pools.js';
import {
  ask,
  erasureStates,
  findApiKey,
  findLogin,
  findPlan,
  findSessionRole,
  type ErasureState,
  type KnownKey,
  type Login,
  noteSigninFailure,
  type SigninFailure,
} from './questions.js';
import { openReader, type Reader, type ReaderSettings } from './reader.js';
import { openSnapshot, type Snapshot } from './snapshot.js';
import { statementLog, type StatementLog } from './statements.js';
import { checkReady } from './readiness.js';
import { watchStatements } from './watching.js';
import type { ChangeTools } from './writing/kept.js';
import { writeIn, type Work, type WritePool } from './write.js';

export type { ErasureState, KnownKey, Login } from './questions.js';

export interface DatabaseSettings extends ReaderSettings, PrivacySettings, PoolSettings {
  appUrl: string;
  signinUrl: string;
  poolSize: number;
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
  write<Result>(orgId: string, work: Work<Result>, signal?: AbortSignal, watch?: Watch): Promise<Result>;
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
  /** Writes into the log of failed attempts that concern no organization. */
  noteSigninFailure(failure: SigninFailure): Promise<void>;
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
  /** How a caller's scope is decided, changes are written, and people are erased. */
  readonly scope: ChangeTools & PrivacySettings;
  readonly log: StatementLog;
}

/** Prisma inside a transaction, and raw statements. Its rows are the organization's only, by the database's own policies. */
export type Transaction = PrismaTransaction;

/** Opens the pools; connections are made when they are needed, and kept. */
export function openDatabase(settings: DatabaseSettings): Database {
  const log = statementLog(settings.observe);
  const carry = settings.carrier ?? openSnapshot;
  const sizes = poolSizes(settings.poolSize);
  const readPool = makePool(settings, settings.appUrl, { max: sizes.read, pipeline: true });
  const writePool = makePool(settings, settings.appUrl, { max: sizes.write, pipeline: true });
  const signinPool = makePool(settings, settings.signinUrl, { max: sizes.signin, query_timeout: settings.connectTimeoutMs });
  const writer = writePoolOf(writePool, log);
  const tools = { ...settings, shelf: openShelf() };
  return {
    log,
    scope: { ...settings, shelf: openShelf() },
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
    noteSigninFailure: (failure) => noteSigninFailure(signinPool, failure),
    attempts: attemptsIn(signinPool),
    lease: leasesIn(signinPool),
    findPlan: (orgId) => findPlan(readPool, orgId),
    checkReady: () => checkReady(readPool, signinPool, settings.migrations),
    pools: () => [poolState('read', readPool), poolState('write', writePool), poolState('signin', signinPool)],
    warmUp: () => warmUp([readPool, writePool, signinPool]),
    close: async () => {
      await writer.joining.close();
      await Promise.all([readPool.end(), writePool.end(), signinPool.end()]);
    },
  };
}

function writePoolOf(pool: pg.Pool, log: StatementLog): WritePool {
  return { pool, joining: openJoining(pool), watch: watchStatements(pool), log };
}
