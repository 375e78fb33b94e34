import { sql } from 'kysely';
import type { Sql } from './sql.js';

/**
 * The time zone that days and months begin in, as a scalar that PostgreSQL evaluates once a statement: the organization's setting
 * `timeZone`; UTC without one, and for one that PostgreSQL does not know.
 */
export const zone: Sql = sql`(select public.known_zone(settings ->> 'timeZone') from read.organizations)`;

/** The calendar day of a moment. */
export function dayOf(moment: Sql): Sql {
  return sql`(${moment} at time zone ${zone})::date`;
}

/** The day it is. */
export const today: Sql = dayOf(sql`now()`);

/** The first day of a day's month. */
export function monthOf(day: Sql): Sql {
  return sql`date_trunc('month', ${day})::date`;
}
