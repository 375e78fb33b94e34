import { sql } from 'kysely';
import type { AnyRow } from '../reader.js';
import { DomainError } from '../../errors.js';
import { pageFrom, type Page } from '../connection.js';
import { entityOf, kindOf, type Entity, type ToMany, type ToOne } from '../graph.js';
import type { CursorSeal } from './cursor.js';
import { isBounded, nestedRows, type PageRow, type Selected } from './page.js';
import { scopeConditions, type Scope } from './scope.js';
import { all, column, viewOf, type Sql } from './sql.js';
import { windowOf, type PageArgs, type Window } from './window.js';

/** What an operation goes on to read of a row: the page engine brings it along in the statement that reads the row. */
export interface Ahead {
  /** Fields of the row that are looked at; null: all, because something computes from them. */
  fields: readonly string[] | null;
  relations: readonly AheadRelation[];
}

/** A relation that is followed. */
export interface AheadRelation {
  name: string;
  /** What it leads to. */
  target: Entity;
  /** Of a list. The same object as the field's resolver gets: that is how the resolver's call finds what was brought. */
  args: PageArgs;
  below: Ahead;
}

/** What was brought along with a row, beside its fields. */
export interface Along {
  name: string;
  /** A record or null. */
  record?: AnyRow | null;
  /** A page, and the list it is of. */
  list?: { args: PageArgs; window: Window; page: Page<AnyRow> };
}

const ALONG = Symbol('what was brought along');

/** What was brought along with a row for a relation; undefined: nothing, so it has to be read. */
export function broughtAlong(row: object, name: string, args?: PageArgs): Along | undefined {
  const along = (row as { [ALONG]?: Along[] })[ALONG];
  return along?.find((item) => item.name === name && item.list?.args === args);
}

/** How to read something along: what the row's statement selects beside its fields, and what to make of it. */
export interface Bringing extends Selected {
  /** Takes the columns off a row as PostgreSQL answered it, and keeps what they hold. */
  attach(row: Record<string, unknown>): void;
}

/** What decides how things are brought. */
export interface Bringer {
  scope: Scope;
  seal: CursorSeal;
}

/** Rows inside rows, each level under an alias of its own. */
const nestedAlias = (depth: number): string => `t${depth}`;

/** @param alias of the row that the columns stand beside. @param needed fields that the engine itself looks at. */
export function bring(by: Bringer, entity: Entity, alias: string, ahead: Ahead, needed: readonly string[], depth = 1): Bringing {
  const brought = ahead.relations.flatMap((relation) => bringRelation(by, entity, alias, relation, depth) ?? []);
  const keys = ahead.relations.map(({ name }) => entity.toOne[name]?.key ?? 'id');
  const fields = ahead.fields
    ? [...new Set(['id', ...needed.filter((name) => name in entity.fields), ...keys, ...ahead.fields])]
    : Object.keys(entity.fields);
  return {
    fields,
    along: brought.map(({ value }) => value),
    attach: (row) => {
      if (brought.length === 0) return;
      const along = brought.map(({ read }, index) => read(row[`$${index}`]));
      for (const index of brought.keys()) delete row[`$${index}`];
      Object.defineProperty(row, ALONG, { value: along });
    },
  };
}

interface BroughtRelation {
  value: Sql;
  read: (json: unknown) => Along;
}

/** Pages in the middle of a list are read by themselves. */
function bringRelation(
  by: Bringer,
  entity: Entity,
  alias: string,
  relation: AheadRelation,
  depth: number,
): BroughtRelation | null {
  const toOne = entity.toOne[relation.name];
  const toMany = entity.toMany[relation.name];
  try {
    if (toOne) return bringRecord(by, alias, toOne, relation, depth);
    if (!toMany?.key || relation.args.after || relation.args.before) return null;
    return bringList(by, alias, { ...toMany, key: toMany.key }, relation, depth);
  } catch (error) {
    // What is refused (arguments, a record an API key may not read) the field itself says, if there is a row that asks.
    if (error instanceof DomainError) return null;
    throw error;
  }
}

function bringRecord(
  { scope, seal }: Bringer,
  alias: string,
  to: ToOne,
  { name, below }: AheadRelation,
  depth: number,
): BroughtRelation {
  const target = entityOf(scope.graph, to.entity);
  const inner = nestedAlias(depth);
  const bringing = bring({ scope, seal }, target, inner, below, [], depth + 1);
  const conditions = [
    ...scopeConditions(target, inner, scope, to.evenDeleted ? 'WITH' : undefined),
    sql`${column(inner, 'id')} = ${column(alias, to.key)}`,
  ];
  const fields = bringing.fields.map((field) => jsonValue(target, field, column(inner, field)));
  const row = sql`json_build_array(${sql.join([...fields, ...bringing.along])})`;
  return {
    value: sql`(select ${row} from ${viewOf(target, inner)} where ${all(conditions)})`,
    read: (json) => ({ name, record: json ? rowFrom(target, bringing, json as unknown[]) : null }),
  };
}

function bringList(
  by: Bringer,
  alias: string,
  to: ToMany & { key: string },
  { name, args, below }: AheadRelation,
  depth: number,
): BroughtRelation | null {
  const target = entityOf(by.scope.graph, to.entity);
  const window = windowOf(target, args, to.defaultOrder ?? target.defaultOrder, by.scope, by.seal);
  const inner = nestedAlias(depth);
  if (isBounded(window)) return null;
  const sortedBy = window.keys.map((key) => key.name);
  const bringing = bring(by, target, inner, below, sortedBy, depth + 1);
  const place = { parents: { key: to.key, ids: [] }, parentId: column(alias, 'id'), alias: inner };
  const rows = nestedRows({ entity: target, scope: by.scope, window, ...place, selected: bringing });
  const page = `p${depth}`;
  const fields = bringing.fields.map((field) => jsonValue(target, field, sql.ref(`${page}.${field}`)));
  const along = bringing.along.map((_, index) => sql.ref(`${page}.$${index}`));
  return {
    value: sql`(select json_agg(json_build_array(${sql.join([...fields, ...along])})) from (${rows}) as ${sql.id(page)})`,
    read: (json) => {
      const answered = ((json ?? []) as unknown[][]).map((values) => rowFrom(target, bringing, values) as unknown as PageRow);
      return { name, list: { args, window, page: pageFrom<AnyRow>(answered, window) } };
    },
  };
}

function rowFrom(entity: Entity, bringing: Bringing, values: unknown[]): AnyRow {
  const row: Record<string, unknown> = {};
  bringing.fields.forEach((field, index) => (row[field] = apiValue(entity, field, values[index])));
  bringing.along.forEach((_, index) => (row[`$${index}`] = values[bringing.fields.length + index]));
  bringing.attach(row);
  return row as AnyRow;
}

/** Amounts leave as text: inside JSON, numeric would become a float. */
function jsonValue(entity: Entity, field: string, value: Sql): Sql {
  return kindOf(entity, field).kind === 'decimal' ? sql`${value}::text` : value;
}

/** JSON writes a moment as `2026-03-01T09:30:00.5+00:00`; the API as `2026-03-01T09:30:00.500Z`. */
function apiValue(entity: Entity, field: string, value: unknown): unknown {
  if (typeof value !== 'string' || kindOf(entity, field).kind !== 'timestamp') return value;
  const fraction = value.slice(19, value.indexOf('+', 19)).slice(1, 4);
  return `${value.slice(0, 19)}.${fraction.padEnd(3, '0')}Z`;
}
