import { sql } from 'kysely';
import { definitionsStatement, TABLE_OF, type CustomFieldDefinition } from '../custom-fields.js';
import { column, compile, type Sql } from '../engine/sql.js';
import type { Entity } from '../graph.js';
import type { Mentions } from '../../lib/mentions.js';
import type { PersonalData, PrivacySettings } from '../personal.js';
import { slotValues } from './custom-fields.js';
import { run, type Desk } from './locks.js';
import { setStatement, tenantOf, type Changes } from './statements.js';

/** A value that a fact tells. */
export interface ToldValue {
  auditId: string;
  field: string;
}

/** A condition on rows of a table under an alias. */
export type Which = (alias: string) => Sql;

/** Rows whose `key` is one of `ids`. */
export function among(key: string, ids: readonly string[]): Which {
  return (alias) => sql`${column(alias, key)} = any(${ids}::uuid[])`;
}

/** Fields with texts in which anybody may be named, of those that erasing masks or empties. */
export function textsOf(entity: Entity, personal: PersonalData): string[] {
  return [...(personal.get(entity.table)?.values() ?? [])].flatMap(({ class: kind, erase: rule, field }) =>
    kind === 'CONTENT' && rule !== 'KEEP' && field && field in entity.fields ? [field] : [],
  );
}

/** Masks a person in the texts of some rows; a fact ERASE each. @returns what changed. */
export async function eraseMentions(
  desk: Desk,
  { personal }: PrivacySettings,
  entity: Entity,
  { which, mentions }: { which: Which; mentions: Mentions },
): Promise<string[]> {
  const texts = textsOf(entity, personal);
  if (texts.length === 0 || mentions.patterns.length === 0) return [];
  const found = await run<{ id: string; version: number } & Changes>(
    desk.tx,
    compile(sql`
      select t.id, t.version, ${sql.join(texts.map((field) => sql`${column('t', field)} as ${sql.id(field)}`))}
      from ${sql.id('public', entity.table)} as t
      where ${tenantOf(desk.scope, 't')} and ${which('t')}
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
  await run(desk.tx, setStatement(desk.kept, entity, rows));
  for (const { row } of changed)
    desk.facts.push({ action: 'ERASE', entity, id: row.id, version: row.version + 1, values: [], after: {} });
  return rows.map(({ id }) => id);
}

async function definitionsOf(desk: Desk, { table }: Entity): Promise<CustomFieldDefinition[]> {
  const all = await run<CustomFieldDefinition>(desk.tx, definitionsStatement(desk.scope));
  return all.filter((each) => TABLE_OF[each.entity] === table);
}

/** For facts `a`: that they are about such rows. */
export function aboutRows(desk: Desk, entity: Entity, which: Which): Sql {
  return sql`a.entity_id in (select t.id from ${sql.id('public', entity.table)} as t where ${tenantOf(desk.scope, 't')} and ${which('t')})`;
}

/** Values that facts tell of some records, in fields that erasing empties or masks. @param records a condition on facts `a`. */
export async function valuesTold(
  desk: Desk,
  { personal }: PrivacySettings,
  entity: Entity,
  { records, mentions, kind }: { records: Sql; mentions?: Mentions | undefined; kind?: string | undefined },
): Promise<ToldValue[]> {
  const erased = [...(personal.get(entity.table) ?? [])].flatMap(([name, column]) =>
    column.erase === 'KEEP' || (kind ?? column.class) !== column.class ? [] : [fieldOf(name)],
  );
  const custom = kind ? sql`false` : sql`v.field like 'customFields.%'`;
  const named = mentions ? sql`concat_ws(' ', v.before, v.after) ilike any(${mentions.patterns}::text[])` : sql`true`;
  const found = await run<{ auditId: string; field: string; told: string | null }>(
    desk.tx,
    compile(sql`
      select v.audit_id as "auditId", v.field, ${mentions ? sql`concat_ws(' ', v.before, v.after)` : sql`null`} as told
      from public.audit_logs as a join public.audit_values as v on v.org_id = a.org_id and v.audit_id = a.id
      where ${tenantOf(desk.scope, 'a')} and a.entity_type = ${entity.type} and ${records}
        and (v.field = any(${erased}::text[]) or ${custom}) and ${named}`),
  );
  return found.filter(({ told }) => !mentions || mentions.isIn(told ?? '')).map(({ auditId, field }) => ({ auditId, field }));
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
