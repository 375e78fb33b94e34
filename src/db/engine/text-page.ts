import { sql } from 'kysely';
import { isReadyJson, readyJson, type ReadyJson } from '../../lib/ready-json.js';
import type { Entity } from '../graph.js';
import type { AnyRow } from '../reader.js';
import type { Ahead } from './along.js';
import type { Bringer } from './bringing.js';
import { jsonOf, rowReader } from './json-rows.js';
import { pageTextStatement, type PageRow } from './page.js';
import type { Shape } from './shape.js';
import { OPENINGS, type Statement } from './sql.js';
import { textRows, type TextRows } from './text.js';
import type { Window } from './window.js';

/** How many objects there are at a place of an answer, and at the places below it. */
export interface Counts {
  count: number;
  below: Readonly<Record<string, Counts>>;
}

/** A list of objects as PostgreSQL wrote it. */
export type AnswerText = ReadyJson & { counts: Counts };

export function isAnswerText(value: unknown): value is AnswerText {
  return isReadyJson(value) && 'counts' in value;
}

/** A page whose rows nobody needs to look at; its ends are there for their cursors. */
export interface TextPage {
  text: AnswerText;
  ends: AnyRow[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

export interface PreparedText {
  statement: Statement;
  /** Null when a record is missing that must not be: which one, and what becomes of it, the rows tell. */
  pageOf: (row: PageRow | undefined) => TextPage | null;
}

/** The page of each parent as text; null where its rows have to be read. @param key as of `pageAhead`. */
export function pageText(
  by: Bringer,
  entity: Entity,
  window: Window,
  { hasCursors }: Ahead,
  shape: Shape,
  key: string | null,
): PreparedText | null {
  const parents = key ? { key, ids: OPENINGS.parents } : null;
  const rows = textRows(by, entity, window, shape, { parents, parentId: sql`parent.id` }, hasCursors);
  if (!rows) return null;
  const keys = window.keys.map(({ name }) => name);
  const read = rowReader(entity, keys);
  const counts = rows.counts.map((count, index) => sql`${count} as ${sql.id(`$c${index}`)}`);
  const ends = hasCursors ? [sql`max(${rows.read('$all')})::int as "$all"`, sql`${endsOf(entity, window, rows)} as "$ends"`] : [];
  const selected = sql.join([sql`count(${rows.read('id')})::int as "$count"`, sql`${rows.texts} as "$text"`, ...ends, ...counts]);
  const list = { entity, scope: by.scope, window, parents };
  return {
    statement: pageTextStatement(list, sql`select ${selected} ${rows.from}`),
    pageOf: (row) => textPageOf(row, shape, window, (values) => read(values)),
  };
}

/** The keys of the first row and the last one. */
function endsOf(entity: Entity, { keys, size }: Window, rows: TextRows): ReturnType<typeof jsonOf> {
  const values = jsonOf(entity, { fields: keys.map(({ name }) => name) }, rows.read, []);
  const place = rows.read('$place');
  return sql`json_agg(${values} order by ${rows.order}) filter (where ${place} = 1 or ${place} = least(${sql.lit(size)}, ${rows.read('$all')}))`;
}

function textPageOf(
  row: PageRow | undefined,
  shape: Shape,
  { size }: Window,
  read: (values: readonly unknown[]) => AnyRow,
): TextPage | null {
  let place = 0;
  const next = (): number => Number(row?.[`$c${place++}`] ?? 0);
  const counts = countsOf(shape, Number(row?.['$count'] ?? 0), next);
  return (
    counts && {
      text: readyJson(`[${(row?.['$text'] as string | null | undefined) ?? ''}]`, { counts }),
      ends: ((row?.['$ends'] ?? []) as unknown[][]).map(read),
      hasNextPage: Number(row?.['$all'] ?? 0) > size || Boolean(row?.$following),
      hasPreviousPage: Boolean(row?.$preceding),
    }
  );
}

/** Null where a record is missing that must not be. @param next the counts of the statement, in the order of the shape. */
function countsOf(shape: Shape, count: number, next: () => number): Counts | null {
  const below: Record<string, Counts> = {};
  for (const part of shape.parts) {
    if (part.is !== 'record' && part.is !== 'list') continue;
    const found = next();
    const inside = part.is === 'record' && part.isRequired && found !== count ? null : countsOf(part.shape, found, next);
    if (!inside) return null;
    below[part.key] = part.is === 'record' ? inside : { count, below: connectionCounts(part.connection, inside) };
  }
  return { count, below };
}

function connectionCounts(connection: readonly { is: string; key: string }[], rows: Counts): Record<string, Counts> {
  return Object.fromEntries(connection.flatMap(({ is, key }) => (is === 'rows' ? [[key, rows]] : [])));
}
