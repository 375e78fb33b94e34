import { sql, type RawBuilder } from 'kysely';
import type { Sight } from '../../../db/index.js';

type Sql = RawBuilder<unknown>;

export interface Count {
  table: string;
  count: number;
}

/** How many rows there are about a contact, and how many of its deals and their activities may name the person. */
export function countsStatement(sight: Sight, contactId: string): Sql {
  const mine = (table: string, alias: string): Sql =>
    sql`${sql.id('read', table)} as ${sql.id(alias)} where ${sight.mine(alias)}`;
  const erased = sight.about.map(
    ({ table, key }) =>
      sql`select ${table} as table, count(*)::int as count from ${mine(table, 't')} and t.${sql.id(key)} = ${contactId}::uuid`,
  );
  const deals = sql`select d.id from ${mine('deals', 'd')} and d.contact_id = ${contactId}::uuid`;
  return sql.join(
    [
      ...erased,
      sql`select 'deals' as table, count(*)::int as count from (${deals}) as theirs`,
      sql`select 'dealActivities' as table, count(*)::int as count from ${mine('activities', 'a')}
          and a.deal_id in (${deals}) and a.contact_id is distinct from ${contactId}::uuid`,
      sql`select 'facts' as table, count(*)::int as count from ${mine('audit_logs', 'l')} and l.entity_type = 'Contact' and l.entity_id = ${contactId}::uuid`,
    ],
    sql` union all `,
  );
}
