import { sql } from 'kysely';
import { kindOf, type Entity, type Kind } from '../graph.js';
import type { Sql } from './sql.js';

/** JSON of a value that is not null, as text; byte for byte what the scalars of the schema make of it. Missing: only Node can tell. */
const WRITTEN: { readonly [Name in Kind]?: (value: Sql) => Sql } = {
  uuid: quoted,
  enum: quoted,
  decimal: quoted,
  text: escaped,
  date: escaped,
  tags: escaped,
  integer: (value) => sql`${value}::text`,
  boolean: (value) => sql`${value}::text`,
  timestamp: (value) => quoted(sql`to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`),
};

/** Whether PostgreSQL can write a field as the answer has it. */
export function canWrite(entity: Entity, field: string): boolean {
  return field in entity.written || (field in entity.fields && WRITTEN[kindOf(entity, field).kind] !== undefined);
}

/** The fields of the row that a field of the answer is written from. */
export function sourcesOf(entity: Entity, field: string): readonly string[] {
  return field in entity.written ? (entity.looksAt[field] ?? []) : [field];
}

/** A field of the answer as JSON text; null where the value is null. */
export function writtenValue(entity: Entity, field: string, read: (field: string) => Sql): Sql {
  const computed = entity.written[field];
  if (computed) return computed(read);
  const write = WRITTEN[kindOf(entity, field).kind];
  if (!write) throw new Error(`Nobody but Node can write ${entity.table}.${field}.`);
  return write(read(field));
}

/** Texts that hold nothing to be escaped. */
export function quoted(value: Sql): Sql {
  return sql`'"' || ${value}::text || '"'`;
}

export function escaped(value: Sql): Sql {
  return sql`to_json(${value})::text`;
}
