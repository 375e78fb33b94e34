import { sql } from 'kysely';
import { hasTime, isLikeDuration, signedUnits } from '../../lib/durations.js';
import type { Kind } from '../graph.js';
import type { Scope } from './scope.js';
import type { Sql } from './sql.js';
import { startOf, today } from './zone.js';

/**
 * An operand as it is compared: of moments and dates, durations become expressions. One that counts in days or longer starts from
 * today in the caller's time zone (for a moment: from its first instant), one with hours, minutes or seconds from now.
 */
export function resolved(kind: Kind, operand: unknown, scope: Scope): unknown {
  if (kind !== 'timestamp' && kind !== 'date') return operand;
  if (Array.isArray(operand)) return operand.map((item) => resolved(kind, item, scope));
  if (typeof operand !== 'string' || !isLikeDuration(operand)) return operand;
  const interval = sql`${signedUnits(operand)}::interval`;
  if (kind === 'timestamp' && hasTime(operand)) return sql`(${scope.now}::timestamptz + ${interval})`;
  const day: Sql = sql`(${today(scope)} + ${interval})::date`;
  return kind === 'date' ? day : startOf(day, scope);
}
