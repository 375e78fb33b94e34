import { sql } from 'kysely';
import type { AnyRow } from '../reader.js';
import { kindOf, type Entity } from '../graph.js';
import type { Sql } from './sql.js';

/** Makes a row of the values that `jsonOf` wrote. */
export type RowReader = (values: readonly unknown[]) => AnyRow;

/** A row as a JSON array: its fields, and what stands beside them. Names would travel, and be read, with every row. */
export function jsonOf(
  entity: Entity,
  { fields }: { fields: readonly string[] },
  read: (field: string) => Sql,
  along: readonly Sql[],
): Sql {
  return sql`json_build_array(${sql.join([...fields.map((field) => jsonValue(entity, field, read(field))), ...along])})`;
}

/** @see RowReader */
export function rowReader(entity: Entity, fields: readonly string[]): RowReader {
  const moments = fields.map((field) => kindOf(entity, field).kind === 'timestamp');
  return (values) => {
    const row: Record<string, unknown> = {};
    for (let index = 0; index < fields.length; index += 1) {
      const value = values[index];
      row[fields[index] as string] = moments[index] && typeof value === 'string' ? momentOf(value) : value;
    }
    return row as AnyRow;
  };
}

/** Amounts leave as text: inside JSON, numeric would become a float. */
function jsonValue(entity: Entity, field: string, value: Sql): Sql {
  return kindOf(entity, field).kind === 'decimal' ? sql`${value}::text` : value;
}

/** JSON writes a moment as `2026-03-01T09:30:00.5+00:00`; the API as `2026-03-01T09:30:00.500Z`. */
function momentOf(text: string): string {
  const fraction = text.slice(19, text.indexOf('+', 19)).slice(1, 4);
  return `${text.slice(0, 19)}.${fraction.padEnd(3, '0')}Z`;
}
