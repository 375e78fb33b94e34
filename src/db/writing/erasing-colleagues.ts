import { sql } from 'kysely';
import type { Mentions } from '../../lib/mentions.js';
import { any, column, compile, type Sql } from '../engine/sql.js';
import type { Entity } from '../graph.js';
import type { PrivacySettings } from '../personal.js';
import { run, type Desk } from './locks.js';
import { aboutRows, eraseMentions, textsOf, valuesTold, type ToldValue, type Which } from './mentioned.js';
import { tenantOf } from './statements.js';

/** What former colleagues are erased through, beside what all people are. Call it once the user's own row is erased. */
export interface ColleagueWriter {
  /** Empties what rows of a user tell that have no facts of their own: sessions, links of mails, the registration. */
  forget(table: 'sessions' | 'account_tokens' | 'registrations', userId: string): Promise<void>;
  /**
   * Masks a colleague in texts of records that refer to them or that they have changed; a fact ERASE each.
   *
   * @returns the ids of what changed, by table.
   */
  eraseMentionsAround(userId: string, mentions: Mentions): Promise<Record<string, string[]>>;
  /** The values in which facts about these records name the colleague. */
  valuesToldAround(userId: string, mentions: Mentions): Promise<ToldValue[]>;
  /** Forgets the requests that a user made, and those for a new password from addresses that were theirs and are nobody's now. */
  forgetRequestsOf(userId: string, addresses: readonly string[]): Promise<void>;
}

/** @see ColleagueWriter */
export function colleagueWriter(desk: Desk, privacy: PrivacySettings): ColleagueWriter {
  const entities = [...desk.graph.values()].filter((entity) => textsOf(entity, privacy.personal).length > 0);
  return {
    forget: async (table, userId) => {
      const columns = [...(privacy.personal.get(table) ?? [])].flatMap(([name, { erase: rule }]) =>
        rule === 'KEEP' ? [] : [name],
      );
      await run(desk.tx, compile(sql`select privacy.forget(${table}, ${userId}::uuid, ${columns}::text[])`));
    },
    eraseMentionsAround: async (userId, mentions) => {
      const masked: Record<string, string[]> = {};
      for (const entity of entities)
        masked[entity.table] = await eraseMentions(desk, privacy, entity, { which: around(desk, entity, userId), mentions });
      return masked;
    },
    valuesToldAround: async (userId, mentions) => {
      if (mentions.patterns.length === 0) return [];
      const told: ToldValue[] = [];
      for (const entity of entities) {
        const records = aboutRows(desk, entity, around(desk, entity, userId));
        told.push(...(await valuesTold(desk, privacy, entity, { records, mentions })));
      }
      return told;
    },
    forgetRequestsOf: async (userId, addresses) => {
      const theirs = sql`${tenantOf(desk.scope, 't')} and t.user_id = ${userId}::uuid`;
      await run(desk.tx, compile(sql`delete from public.idempotency_keys as t where ${theirs}`));
      await run(desk.tx, compile(sql`select privacy.forget_reset_requests(${userId}::uuid, ${addresses}::text[])`));
    },
  };
}

/** Rows that refer to a user, or that facts tell they have changed: texts of theirs are in records that were handed over, too. */
function around(desk: Desk, entity: Entity, userId: string): Which {
  const keys = Object.values(entity.toOne).flatMap((relation) => (relation.entity === 'users' ? [relation.key] : []));
  return (alias) => {
    const refers = keys.map((key): Sql => sql`${column(alias, key)} = ${userId}::uuid`);
    const changed = sql`${column(alias, 'id')} in (select l.entity_id from public.audit_logs as l
      where ${tenantOf(desk.scope, 'l')} and l.user_id = ${userId}::uuid and l.entity_type = ${entity.type})`;
    return any([...refers, changed]);
  };
}
