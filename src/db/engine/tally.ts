import { sql } from 'kysely';
import type { Entity } from '../graph.js';
import { scopeConditions, type Scope } from './scope.js';
import { all, column, compile, viewOf, type Statement } from './sql.js';

/** Which values of a list field to count. */
export interface TallyArgs {
  /** Values that contain this, upper or lower case alike; null: all. */
  part: string | null;
  /** Exactly this one. */
  only?: string;
  /** Values at most; the most frequent ones. */
  most: number;
}

/** How often each value of a list field stands in the rows a scope sees, the most frequent first. */
export function tallyStatement(entity: Entity, field: string, scope: Scope, { part, only, most }: TallyArgs): Statement {
  const conditions = scopeConditions(entity, 't', scope, undefined);
  // Beside the condition on the value itself, one that the index on the list can serve.
  if (only !== undefined) conditions.push(sql`${column('t', field)} @> array[${only}]::text[]`, sql`value = ${only}`);
  if (part !== null) conditions.push(sql`strpos(lower(value), lower(${part})) > 0`);
  return compile(sql`
    select value as "name", count(*)::int as "count"
    from ${viewOf(entity, 't')} cross join lateral unnest(${column('t', field)}) as value
    where ${all(conditions)}
    group by value order by count(*) desc, value limit ${sql.raw(String(most))}`);
}
