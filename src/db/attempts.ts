import type pg from 'pg';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes, type RateLimiterStoreAbstract } from 'rate-limiter-flexible';

/** How many attempts in how long. */
export interface AttemptLimit {
  name: string;
  attempts: number;
  seconds: number;
}

/** Counts attempts by key, over all instances; each in one atomic statement. */
export interface Attempts {
  /** Counts one more. `count` is the number so far; over the limit, `waitMs` is how long until attempts are let in again. */
  count(key: string): Promise<{ count: number; isOver: boolean; waitMs: number }>;
  /** How long attempts are refused, without counting one; 0 when they are not. */
  waitOf(key: string): Promise<number>;
  /** Takes one back. */
  takeBack(key: string): Promise<void>;
  /** Refuses all attempts for a while. */
  block(key: string, seconds: number): Promise<void>;
  forget(key: string): Promise<void>;
}

/** Opens the counter of one limit. When PostgreSQL cannot be asked, this process counts by itself. */
export type OpenAttempts = (limit: AttemptLimit) => Attempts;

/** @param pool of the sign-in role, the only one that may touch `throttle.attempts`. */
export function attemptsIn(pool: pg.Pool): OpenAttempts {
  return ({ name, attempts: points, seconds: duration }) => {
    const memory = new RateLimiterMemory({ keyPrefix: name, points, duration });
    const limiter = new RateLimiterPostgres({
      storeClient: pool,
      storeType: 'pool',
      schemaName: 'throttle',
      tableName: 'attempts',
      tableCreated: true,
      clearExpiredByTimeout: true,
      keyPrefix: name,
      points,
      duration,
      insuranceLimiter: memory,
    });
    return attemptsOf(limiter, points);
  };
}

function attemptsOf(limiter: RateLimiterStoreAbstract, points: number): Attempts {
  return {
    count: async (key) => {
      const result = await limiter.consume(key).catch(refusalOf);
      return { count: result.consumedPoints, isOver: result.consumedPoints > points, waitMs: result.msBeforeNext };
    },
    waitOf: async (key) => {
      const known = await limiter.get(key);
      return known && known.consumedPoints > points ? Math.max(0, known.msBeforeNext) : 0;
    },
    takeBack: async (key) => void (await limiter.reward(key)),
    block: async (key, seconds) => void (await limiter.block(key, seconds)),
    forget: async (key) => void (await limiter.delete(key)),
  };
}

/** The library throws its answer when the limit is passed. */
function refusalOf(thrown: unknown): RateLimiterRes {
  if (thrown instanceof RateLimiterRes) return thrown;
  throw thrown;
}
