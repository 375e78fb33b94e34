import { sql, type RawBuilder } from 'kysely';
import { columnOf } from '../../../db/graph.js';
import type { Sight } from '../../../db/index.js';
import type { SubjectList } from '../subject-lists.js';

type Sql = RawBuilder<unknown>;

/** A row of a list, by the names of its fields. */
export type SubjectRow = { id: string; createdAt: string } & Record<string, unknown>;

/** Something known about the record `$parent`. */
export type Detail = { $parent: string } & Record<string, unknown>;

/** The rows of a list after one of them, the oldest first; deleted ones too. */
export function rowsStatement(
  sight: Sight,
  list: SubjectList,
  { contactId, after, most }: { contactId: string; after: SubjectRow | null; most: number },
): Sql {
  const fields = Object.keys(list.entity.fields).filter((field) => field !== 'orgId');
  const shown = fields.map((field) => sql`${sql.ref(`t.${columnOf(field)}`)} as ${sql.id(field)}`);
  const beyond = after ? sql`(t.created_at, t.id) > (${after.createdAt}::timestamptz, ${after.id}::uuid)` : sql`true`;
  return sql`
    select ${sql.join(shown)} from ${mine(sight, list.entity.table, 't')} and ${reaches(sight, list, contactId)} and ${beyond}
    order by t.created_at, t.id limit ${sql.raw(String(most))}`;
}

/** How many rows there are in all lists, and facts about the contact. */
export function sizeStatement(sight: Sight, lists: readonly SubjectList[], contactId: string): Sql {
  const counts = lists.map(
    (list) => sql`(select count(*) from ${mine(sight, list.entity.table, 't')} and ${reaches(sight, list, contactId)})`,
  );
  const facts = sql`(select count(*) from ${mine(sight, 'audit_logs', 'l')} and l.entity_type = 'Contact' and l.entity_id = ${contactId}::uuid)`;
  return sql`select (${sql.join([...counts, facts], sql` + `)})::int as size`;
}

/** What became of records, change by change, with the values that are not erased. What a fact says of its request is not about them. */
export function changesStatement(sight: Sight, { entity }: SubjectList, ids: readonly string[]): Sql {
  return sql`
    select l.entity_id as "$parent", l.created_at as at, l.action, l.entity_version as version, l.user_id as "userId",
           (select json_agg(json_build_object('field', v.field, 'before', v.before, 'after', v.after) order by v.field)
              from ${mine(sight, 'audit_values', 'v')} and v.audit_id = l.id and v.field not like '@%') as "values"
    from ${mine(sight, 'audit_logs', 'l')} and l.entity_type = ${entity.type} and l.entity_id = any(${ids}::uuid[])
    order by l.seq`;
}

/** Where records were before, for those that keep a history. */
export function historyStatement(sight: Sight, table: string, key: string, ids: readonly string[]): Sql {
  return sql`
    select h.${sql.id(key)} as "$parent", to_jsonb(h) - 'org_id' - 'id' - ${key}::text as state
    from ${mine(sight, table, 'h')} and h.${sql.id(key)} = any(${ids}::uuid[]) order by h.seq`;
}

/** Jobs that wait and are about records: mails to be sent, for example. */
export function jobsStatement(ids: readonly string[]): Sql {
  return sql`select j.about as "$parent", j.task, j.payload, j.run_at as "runAt" from privacy.jobs_about(${ids}::uuid[]) as j order by j.run_at`;
}

/** Requests that are remembered so that repeating them does nothing. */
export function requestsStatement(sight: Sight, ids: readonly string[]): Sql {
  return sql`
    select k.record_id as "$parent", k.key, split_part(k.request, ' ', 1) as mutation, k.user_id as "userId", k.expires_at as "expiresAt"
    from public.idempotency_keys as k where ${sight.mine('k')} and k.record_id = any(${ids}::uuid[]) order by k.expires_at`;
}

/** What custom fields are called, deleted ones too. */
export function labelsStatement(sight: Sight): Sql {
  return sql`select f.id, f.key, f.label, f.options from ${mine(sight, 'custom_fields', 'f')} order by f.place, f.id`;
}

function mine(sight: Sight, table: string, alias: string): Sql {
  return sql`${sql.id('read', table)} as ${sql.id(alias)} where ${sight.mine(alias)}`;
}

function reaches(sight: Sight, { by }: SubjectList, contactId: string): Sql {
  if (by.way === 'contact') return sql`${sql.ref(`t.${columnOf(by.key)}`)} = ${contactId}::uuid`;
  if (by.way === 'address') return sql`t.accepted_at is null and t.email in (${addresses(sight, contactId)})`;
  const records = sql`select p.id from ${mine(sight, by.through.table, 'p')} and ${sql.ref(`p.${columnOf(by.throughKey)}`)} = ${contactId}::uuid`;
  const nobodyElses = by.unless ? sql`${sql.ref(`t.${columnOf(by.unless)}`)} is null` : sql`true`;
  return sql`${sql.ref(`t.${columnOf(by.key)}`)} in (${records}) and ${nobodyElses}`;
}

/** The contact's address, and those that facts tell. */
function addresses(sight: Sight, contactId: string): Sql {
  return sql`
    select c.email from ${mine(sight, 'contacts', 'c')} and c.id = ${contactId}::uuid and c.email is not null
    union
    select told.email from read.audit_logs as l join read.audit_values as v on v.org_id = l.org_id and v.audit_id = l.id
      cross join lateral (values (v.before #>> '{}'), (v.after #>> '{}')) as told (email)
     where ${sight.mine('l')} and ${sight.mine('v')} and l.entity_type = 'Contact' and l.entity_id = ${contactId}::uuid
       and v.field = 'email' and told.email is not null`;
}
