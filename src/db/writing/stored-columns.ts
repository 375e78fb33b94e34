import { sql } from 'kysely';
import { MASK } from '../../lib/masking.js';
import { compile, type Sql } from '../engine/sql.js';
import type { PersonalColumn } from '../personal.js';
import { run, type Desk } from './locks.js';

/** The column as PostgreSQL knows it, and what the server may do with it. */
export interface Stored {
  name: string;
  type: string;
  required: boolean;
  readable: boolean;
  writable: boolean;
}

/** The columns of a table, by name. */
export async function storedColumns(desk: Desk, table: string): Promise<Map<string, Stored>> {
  const columns = await run<Stored>(
    desk.tx,
    compile(sql`
      select a.attname::text as name, a.atttypid::regtype::text as type, a.attnotnull as required,
             has_column_privilege(a.attrelid, a.attnum, 'SELECT') as readable,
             has_column_privilege(a.attrelid, a.attnum, 'UPDATE') as writable
      from pg_catalog.pg_attribute as a
      where a.attrelid = ${`public.${table}`}::regclass and a.attnum > 0 and not a.attisdropped`),
  );
  return new Map(columns.map((each) => [each.name, each]));
}

/** What erasing leaves in a column. An address that has to be one stays one, of nobody. */
export function emptyValue(stored: Stored | undefined, { class: kind, erase: rule }: PersonalColumn): Sql {
  if (rule === 'MASK' && kind === 'REACH') return sql`'erased-' || t.id || '@erased.invalid'`;
  if (rule === 'MASK' && stored?.type === 'text') return sql.lit(MASK);
  if (!stored?.required) return sql`null`;
  return sql`${sql.lit({ text: '', boolean: 'false' }[stored.type] ?? '{}')}::${sql.raw(stored.type)}`;
}
