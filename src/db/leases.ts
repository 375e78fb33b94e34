import type pg from 'pg';
import { unavailable } from '../errors.js';
import { within } from '../lib/within.js';
import { translateFailure } from './failures.js';

/** A bucket that leaks: it holds so many points at most, and so many come back a second. */
export interface BucketSize {
  capacity: number;
  restoreRate: number;
}

/** What is asked of a bucket: what is wanted, and what is of no use if it is less. */
export interface LeaseWish extends BucketSize {
  key: string;
  wanted: number;
  least: number;
}

/** What of it was taken out of the bucket (nothing or at least `least`), and what is left in it. */
export interface Lease {
  granted: number;
  left: number;
}

/** Takes points out of a bucket that all instances share, in one atomic statement. @throws DomainError UNAVAILABLE within a second. */
export type TakeLease = (wish: LeaseWish) => Promise<Lease>;

const LONGEST_WAIT_MS = 900;

/** @param pool of the sign-in role, the only one that may touch the schema throttle. */
export function leasesIn(pool: pg.Pool): TakeLease {
  return async ({ key, capacity, restoreRate, wanted, least }) => {
    const text = 'SELECT granted, left_over FROM throttle.lease($1, $2, $3, $4, $5)';
    const asked = pool.query<{ granted: number; left_over: number }>(text, [key, capacity, restoreRate, wanted, least]);
    const { rows } = await within(LONGEST_WAIT_MS, asked, unavailable).catch((error: unknown) => {
      throw unavailableFor(translateFailure(error));
    });
    const [row] = rows;
    return { granted: Number(row?.granted ?? 0), left: Number(row?.left_over ?? 0) };
  };
}

/** Somebody holds the row for longer than anybody should: for who asks that is the same as nobody answering. */
function unavailableFor(error: unknown): unknown {
  return (error as { code?: string }).code === 'TIMEOUT' ? unavailable() : error;
}
