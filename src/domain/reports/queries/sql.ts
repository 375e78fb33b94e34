import { sql, type RawBuilder } from 'kysely';
import type { Sight } from '../../../db/index.js';

export type Sql = RawBuilder<unknown>;

/** Days from the first to the last, both included. */
export interface Period {
  from: string;
  to: string;
}

/** That a moment lies within a period of the caller's days. */
export function within(sight: Sight, moment: Sql, { from, to }: Period): Sql {
  return sql`${moment} >= ${sight.startOf(sql`${from}::date`)} and ${moment} < ${sight.startOf(sql`${to}::date + 1`)}`;
}
