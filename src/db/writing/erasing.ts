import { sql } from 'kysely';
import { all, column, compile, type Sql } from '../engine/sql.js';
import { columnOf, entityOf, type Entity } from '../graph.js';
import type { Mentions } from '../../lib/mentions.js';
import type { PersonalColumn, PrivacySettings } from '../personal.js';
import { run, type Desk } from './locks.js';
import { colleagueWriter, type ColleagueWriter } from './erasing-colleagues.js';
import { aboutRows, among, eraseMentions, valuesTold, type ToldValue } from './mentioned.js';
import { emptyValue, storedColumns, type Stored } from './stored-columns.js';
import { tenantOf, type Changes } from './statements.js';

/** What people are erased through, and known again. Everything here is one statement a table, however many rows. */
export interface PeopleWriter extends ColleagueWriter {
  /**
   * Erases the rows of `table` whose `key` is `id` by the rules of `@personal`; a fact ERASE each, which tells no values.
   *
   * @param also what else is set; it counts before the rules.
   * @param kind of the columns that are erased; all of them when absent.
   * @returns the ids of the rows that changed.
   */
  erase(table: string, key: string, id: string, also?: Changes, kind?: string): Promise<string[]>;
  /** Masks a person in the texts of the rows of `table` whose `key` is one of `ids`; a fact ERASE each. @returns what changed. */
  eraseMentions(table: string, key: string, ids: readonly string[], mentions: Mentions): Promise<string[]>;
  /**
   * The values that facts tell of the records whose `key` is one of `ids`, in fields that erasing empties or masks: those that name the
   * person (`mentions`), or are of a class (`kind`).
   */
  valuesTold(
    table: string,
    key: string,
    ids: readonly string[],
    only?: { mentions?: Mentions; kind?: string },
  ): Promise<ToldValue[]>;
  /** Erases the rows of every table that is about a contact (`about` in its graph.ts). @returns the ids of what changed, by table. */
  eraseAbout(contactId: string): Promise<Record<string, string[]>>;
  /** Forgets which requests were made about records, with the hashes of their arguments; erasing them can still be repeated. */
  forgetRequests(ids: readonly string[]): Promise<void>;
  /** Remembers addresses and numbers of somebody who was erased, as keyed hashes. */
  rememberErased(texts: readonly string[]): Promise<void>;
  /** Whether one of these addresses and numbers was of somebody who was erased. */
  wasErased(texts: readonly string[]): Promise<boolean>;
}

/** @see PeopleWriter */
export function peopleWriter(desk: Desk, privacy: PrivacySettings): PeopleWriter {
  const entity = (table: string): Entity => entityOf(desk.graph, table);
  const hashes = (texts: readonly string[]): string[] =>
    texts.map((text) => Buffer.from(privacy.fingerprint(desk.caller.orgId, text)).toString('hex'));
  return {
    ...colleagueWriter(desk, privacy),
    erase: (table, key, id, also = {}, kind) => erase(desk, privacy, entity(table), { key, id, also, kind }),
    eraseMentions: async (table, key, ids, mentions) =>
      ids.length === 0 ? [] : eraseMentions(desk, privacy, entity(table), { which: among(key, ids), mentions }),
    valuesTold: async (table, key, ids, only = {}) =>
      ids.length === 0
        ? []
        : valuesTold(desk, privacy, entity(table), { records: factsOf(desk, entity(table), { key, ids }), ...only }),
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

function factsOf(desk: Desk, entity: Entity, { key, ids }: { key: string; ids: readonly string[] }): Sql {
  return key === 'id' ? sql`a.entity_id = any(${ids}::uuid[])` : aboutRows(desk, entity, among(key, ids));
}

async function erase(
  desk: Desk,
  { personal }: PrivacySettings,
  entity: Entity,
  { key, id, also, kind }: { key: string; id: string; also: Changes; kind?: string | undefined },
): Promise<string[]> {
  const rules = [...(personal.get(entity.table) ?? [])].filter(
    ([, column]) => column.erase !== 'KEEP' && (kind ?? column.class) === column.class,
  );
  const stored = await storedColumns(desk, entity.table);
  const [own, others] = [
    rules.filter(([name]) => stored.get(name)?.writable),
    rules.filter(([name]) => !stored.get(name)?.writable),
  ];
  const emptied = own.map(([name, rule]): [string, Sql] => [name, emptyValue(stored.get(name), rule)]);
  const given = Object.entries(also).map(([field, value]): [string, Sql] => [columnOf(field), sql`${value}`]);
  const set = new Map([...emptied, ...given]);
  const statement =
    set.size > 0 ? eraseStatement(desk, entity, { key, id, set, stored }) : toldStatement(desk, entity, { key, id, others });
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
function eraseStatement(
  desk: Desk,
  entity: Entity,
  { key, id, set, stored }: { key: string; id: string; set: ReadonlyMap<string, Sql>; stored: ReadonlyMap<string, Stored> },
): Sql {
  const table = sql`${sql.id('public', entity.table)} as t`;
  const theirs = all([tenantOf(desk.scope, 't'), sql`${column('t', key)} = ${id}::uuid`]);
  // What the server may not read, a password, is set with what it may.
  const compared = [...set].filter(([name]) => stored.get(name)?.readable);
  const differs = sql.join(
    compared.map(([name, value]) => sql`t.${sql.id(name)} is distinct from ${value}`),
    sql` or `,
  );
  return sql`
    with chosen as materialized (
      select t.id from ${table} where ${theirs} and (${differs}) order by t.id for no key update of t
    )
    update ${table} set ${sql.join([...set].map(([name, value]) => sql`${sql.id(name)} = ${value}`))}
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
