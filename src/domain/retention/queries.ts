import { sql, type RawBuilder } from 'kysely';
import type { RetentionKind } from '../../generated/graphql.js';
import { KINDS } from './kinds.js';

type Sql = RawBuilder<unknown>;

export interface DueCount {
  table: string;
  held: string | null;
  count: number;
}

export interface DueSample {
  table: string;
  id: string;
  since: string;
  held: string | null;
}

interface Reach {
  kind: RetentionKind;
  span: number;
}

/** How many rows are over, by table and what holds them back. */
export function countsStatement({ kind, span }: Reach): Sql {
  const each = KINDS[kind].tables.map(
    (table) =>
      sql`select ${table}::text as table, c.held, c.count from retention.count_due(${kind}, ${span}::int, ${table}) as c`,
  );
  return sql.join(each, sql` union all `);
}

/** Some rows that are over, table by table. */
export function sampleStatement({ kind, span }: Reach, most: number): Sql {
  const each = KINDS[kind].tables.map(
    (table) => sql`
      (select ${table}::text as table, d.id, d.since, d.held from retention.due(${kind}, ${span}::int, ${table}, null, null, ${most}::int) as d)`,
  );
  return sql`select * from (${sql.join(each, sql` union all `)}) as found limit ${most}::int`;
}
