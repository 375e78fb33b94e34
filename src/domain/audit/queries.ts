import { sql, type RawBuilder } from 'kysely';
import type { Sight } from '../../db/index.js';

/** A value before and after a change, of the fact `$parent`. */
export interface ValueRow {
  field: string;
  before: unknown;
  after: unknown;
}

/** The values of facts that were not erased. */
export function valuesStatement(sight: Sight, parents: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select parent.id as "$parent", v.field, v.before, v.after
    from ${parents} join read.audit_values as v on ${sight.mine('v')} and v.audit_id = parent.id`;
}
