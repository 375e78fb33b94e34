import type { Expression } from '../graph.js';
import { column } from './sql.js';
import { sql } from 'kysely';

/** The network address in a field, as a text without its mask. */
export function addressText(field: string): Expression {
  return { kind: 'text?', of: field, sql: (alias) => sql`host(${column(alias, field)})` };
}
