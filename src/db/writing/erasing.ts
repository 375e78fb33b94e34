import { sql } from 'kysely';
import { definitionsStatement, TABLE_OF, type CustomFieldDefinition } from '../custom-fields.js';
import { all, column, compile, type Sql } from '../engine/sql.js';
import { columnOf, entityOf, type Entity } from '../graph.js';
import type { Mentions } from '../../lib/mentions.js';
import type { PersonalColumn, PrivacySettings } from '../personal.js';
import { slotValues } from './custom-fields.js';
import { run, type Desk } from './locks.js';
import { emptyValue, storedColumns } from './stored-columns.js';
import { setStatement, tenantOf, type Changes } from './statements.js';

/** What people are erased through, and known again. Everything here is one statement a table, however many rows. */
export interface PeopleWriter {
  /**
   * Erases the rows of `table` whose `key` is `id` by the rules of `@personal`; a fact ERASE each, which tells no values.
   *
   * @returns the ids of the rows that changed.
   */
  erase(table: string, key: string, id: string, also?: Changes): Promise<string[]>;
  /** Masks a person in the texts of the rows of `table` whose `key` is one of `ids`; a fact ERASE each. @returns what changed. */
  eraseMentions(table: string, key: string, ids: readonly string[], mentions: Mentions): Promise<string[]>;
  /** The values that facts tell of the records whose `key` is one of `ids`, in fields that erasing empties or masks; with `mentions`, those that name the person. */
  valuesTold(table: string, key: string, ids: readonly string[], mentions?: Mentions): Promise<ToldValue[]>;
  /** Erases the rows of every table that is about a contact (`about` in its graph.ts). @returns the ids of what changed, by table. */
  eraseAbout(contactId: string): Promise<Record<string, string[]>>;
  /** Forgets which requests were made about records, with the hashes of their arguments; erasing them can still be repeated. */
  forgetRequests(ids: readonly string[]): Promise<void>;
  /** Remembers addresses and numbers of somebody who was erased, as keyed hashes. */
  rememberErased(texts: readonly string[]): Promise<void>;
  /** Whether one of these addresses and numbers was of somebody who was erased. */
  wasErased(texts: readonly string[]): Promise<boolean>;
}

/** A value that a fact tells. */
interface ToldValue {
  auditId: string;
  field: string;
}

/** @see PeopleWriter */
export function peopleWriter(desk: Desk, privacy: PrivacySettings): PeopleWriter {
  const entity = (table: string): Entity => entityOf(desk.graph, table);
  const hashes = (texts: readonly string[]): string[] =>
    texts.map((text) => Buffer.from(privacy.fingerprint(desk.caller.orgId, text)).toString('hex'));
  return {
    erase: (table, key, id, also = {}) => erase(desk, privacy, entity(table), { key, id, also }),
    eraseMentions: (table, key, ids, mentions) => eraseMentions(desk, privacy, entity(table), { key, ids, mentions }),
    valuesTold: (table, key, ids, mentions) => valuesTold(desk, privacy, entity(table), { key, ids, mentions }),
    eraseAbout: async (contactId) => {
      const erased: Record<string, string[]> = {};
      for (const about of desk.graph.values())
        if (about.about) erased[about.table] = await erase(desk, privacy, about, { key: about.about, id: contactId, also: {} });
      return erased;
    },
    forgetRequests: async (ids) => {
      const theirs = sql`${tenantOf(desk.scope, 't')} and t.record_id = any(${ids}::uuid[]) and t.request not like 'erase%'`;
      await run(desk.tx, compile(sql`delete from public.idempotency_keys as t where ${theirs}`));
    },
    rememberErased: async (texts) => {
      await run(
        desk.tx,
        compile(sql`insert into public.erased_people (org_id, hash)
          select distinct ${desk.caller.orgId}::uuid, decode(h, 'hex') from unnest(${hashes(texts)}::text[]) as h on conflict do nothing`),
      );
    },
    wasErased: async (texts) => {
      if (texts.length === 0) return false;
      const known = sql`select from public.erased_people as t where ${tenantOf(desk.scope, 't')}
        and t.hash = any(array(select decode(h, 'hex') from unnest(${hashes(texts)}::text[]) as h))`;
      const [answer] = await run<{ known: boolean }>(desk.tx, compile(sql`select exists (${known}) as known`));
      return answer?.known ?? false;
    },
  };
}

async function erase(
  desk: Desk,
  { personal }: PrivacySettings,
  entity: Entity,
  { key, id, also }: { key: string; id: string; also: Changes },
): Promise<string[]> {
  const rules = [...(personal.get(entity.table) ?? [])].filter(([, { erase: rule }]) => rule !== 'KEEP');
  const stored = await storedColumns(desk, entity.table);
  const [own, others] = [
    rules.filter(([name]) => stored.get(name)?.writable),
    rules.filter(([name]) => !stored.get(name)?.writable),
  ];
  const emptied = own.map(([name, rule]): [string, Sql] => [name, emptyValue(stored.get(name), rule)]);
  const set = [...emptied, ...Object.entries(also).map(([field, value]): [string, Sql] => [columnOf(field), sql`${value}`])];
  const statement =
    set.length > 0 ? eraseStatement(desk, entity, { key, id, set }) : toldStatement(desk, entity, { key, id, others });
  const rows = await run<{ id: string; version: number }>(desk.tx, compile(statement));
  for (const { id: erased, version } of rows)
    desk.facts.push({ action: 'ERASE', entity, id: erased, version, values: [], after: {} });
  // What the server has no right to write, the database empties for it (prisma/access.sql).
  if (others.length > 0)
    await run(
      desk.tx,
      compile(sql`select privacy.forget(${entity.table}, ${id}::uuid, ${others.map(([name]) => name)}::text[])`),
    );
  return rows.map((row) => row.id);
}

/** Locks in the order of the ids, as all changes of many rows do; what is erased already is left alone. */
function eraseStatement(desk: Desk, entity: Entity, { key, id, set }: { key: string; id: string; set: [string, Sql][] }): Sql {
  const table = sql`${sql.id('public', entity.table)} as t`;
  const theirs = all([tenantOf(desk.scope, 't'), sql`${column('t', key)} = ${id}::uuid`]);
  const differs = sql.join(
    set.map(([name, value]) => sql`t.${sql.id(name)} is distinct from ${value}`),
    sql` or `,
  );
  return sql`
    with chosen as materialized (
      select t.id from ${table} where ${theirs} and (${differs}) order by t.id for no key update of t
    )
    update ${table} set ${sql.join(set.map(([name, value]) => sql`${sql.id(name)} = ${value}`))}
    from chosen where ${tenantOf(desk.scope, 't')} and t.id = chosen.id
    returning t.id, t.version`;
}

/** Rows of which the server may write nothing, and that tell something yet. */
function toldStatement(
  desk: Desk,
  entity: Entity,
  { key, id, others }: { key: string; id: string; others: readonly (readonly [string, PersonalColumn])[] },
): Sql {
  const tells = sql.join(
    others.map(([name]) => sql`t.${sql.id(name)} is not null`),
    sql` or `,
  );
  const theirs = all([tenantOf(desk.scope, 't'), sql`${column('t', key)} = ${id}::uuid`]);
  return sql`select t.id, t.version from ${sql.id('public', entity.table)} as t where ${theirs} and (${tells}) order by t.id`;
}

async function eraseMentions(
  desk: Desk,
  { personal }: PrivacySettings,
  entity: Entity,
  { key, ids, mentions }: { key: string; ids: readonly string[]; mentions: Mentions },
): Promise<string[]> {
  if (ids.length === 0 || mentions.patterns.length === 0) return [];
  const texts = [...(personal.get(entity.table)?.values() ?? [])].flatMap(({ class: kind, erase: rule, field }) =>
    kind === 'CONTENT' && rule !== 'KEEP' && field && field in entity.fields ? [field] : [],
  );
  const found = await run<{ id: string; version: number } & Changes>(
    desk.tx,
    compile(sql`
      select t.id, t.version, ${sql.join(texts.map((field) => sql`${column('t', field)} as ${sql.id(field)}`))}
      from ${sql.id('public', entity.table)} as t
      where ${tenantOf(desk.scope, 't')} and ${column('t', key)} = any(${ids}::uuid[])
        and concat_ws(' ', ${sql.join(texts.map((field) => column('t', field)))}) ilike any(${mentions.patterns}::text[])
      order by t.id for no key update of t`),
  );
  const changed = found
    .map((row) => ({ row, masked: Object.fromEntries(texts.map((field) => [field, maskedIn(row[field], mentions)])) }))
    .filter(({ row, masked }) => texts.some((field) => JSON.stringify(masked[field]) !== JSON.stringify(row[field])));
  if (changed.length === 0) return [];
  const definitions = texts.includes('customFields') ? await definitionsOf(desk, entity) : null;
  const rows = changed.map(({ row, masked }) => ({
    id: row.id,
    ...masked,
    ...(definitions && slotValues(definitions, masked['customFields'] as Record<string, unknown>)),
  }));
  await run(desk.tx, setStatement(entity, desk.scope, rows));
  for (const { row } of changed)
    desk.facts.push({ action: 'ERASE', entity, id: row.id, version: row.version + 1, values: [], after: {} });
  return rows.map(({ id }) => id);
}

async function definitionsOf(desk: Desk, { table }: Entity): Promise<CustomFieldDefinition[]> {
  const all = await run<CustomFieldDefinition>(desk.tx, definitionsStatement(desk.scope));
  return all.filter((each) => TABLE_OF[each.entity] === table);
}

/** The field that facts tell of a column under. */
function fieldOf(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function maskedIn(value: unknown, mentions: Mentions): unknown {
  if (typeof value === 'string') return mentions.masked(value);
  if (Array.isArray(value)) return value.map((each) => maskedIn(each, mentions));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, maskedIn(held, mentions)]));
}

async function valuesTold(
  desk: Desk,
  { personal }: PrivacySettings,
  entity: Entity,
  { key, ids, mentions }: { key: string; ids: readonly string[]; mentions: Mentions | undefined },
): Promise<ToldValue[]> {
  if (ids.length === 0) return [];
  const erased = [...(personal.get(entity.table) ?? [])].flatMap(([name, { erase: rule }]) =>
    rule === 'KEEP' ? [] : [fieldOf(name)],
  );
  const through = sql`select t.id from ${sql.id('public', entity.table)} as t where ${tenantOf(desk.scope, 't')} and ${column('t', key)} = any(${ids}::uuid[])`;
  const records = key === 'id' ? sql`a.entity_id = any(${ids}::uuid[])` : sql`a.entity_id in (${through})`;
  const named = mentions ? sql`concat_ws(' ', v.before, v.after) ilike any(${mentions.patterns}::text[])` : sql`true`;
  const found = await run<{ auditId: string; field: string; told: string | null }>(
    desk.tx,
    compile(sql`
      select v.audit_id as "auditId", v.field, ${mentions ? sql`concat_ws(' ', v.before, v.after)` : sql`null`} as told
      from public.audit_logs as a join public.audit_values as v on v.org_id = a.org_id and v.audit_id = a.id
      where ${tenantOf(desk.scope, 'a')} and a.entity_type = ${entity.type} and ${records}
        and (v.field = any(${erased}::text[]) or v.field like 'customFields.%') and ${named}`),
  );
  return found.filter(({ told }) => !mentions || mentions.isIn(told ?? '')).map(({ auditId, field }) => ({ auditId, field }));
}
