import { sql } from 'kysely';
import type { Scope } from './scope.js';
import type { Sql } from './sql.js';

/**
 * The time zone that the caller's days and months begin in, as a scalar that PostgreSQL evaluates once a statement: the
 * caller's own, else the organization's setting `timeZone`; UTC without one, and for one that PostgreSQL does not know.
 */
function zoneOf({ userId }: Scope): Sql {
  const own = sql`(select u.time_zone from read.users as u where u.id = ${userId}::uuid)`;
  return sql`(select public.known_zone(coalesce(${own}, o.settings ->> 'timeZone')) from read.organizations as o)`;
}

/** The calendar day of a moment. */
export function dayOf(moment: Sql, scope: Scope): Sql {
  return sql`(${moment} at time zone ${zoneOf(scope)})::date`;
}

/** The moment a day begins. */
export function startOf(day: Sql, scope: Scope): Sql {
  return sql`((${day})::timestamp at time zone ${zoneOf(scope)})`;
}

/** The day it is. */
export function today(scope: Scope): Sql {
  return dayOf(sql`${scope.now}::timestamptz`, scope);
}

/** The first day of a day's month. */
export function monthOf(day: Sql): Sql {
  return sql`date_trunc('month', (${day})::timestamp)::date`;
}
