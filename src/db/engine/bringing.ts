import { sql } from 'kysely';
import type { AnyRow } from '../reader.js';
import { DomainError } from '../../errors.js';
import { pageOf } from '../connection.js';
import { entityOf, type Entity, type ToMany, type ToOne } from '../graph.js';
import { bearAlong, type Ahead, type AheadRelation, type Along } from './along.js';
import type { CursorSeal } from './cursor.js';
import { namesCustomFields } from './custom-values.js';
import { jsonOf, rowReader, type RowReader } from './json-rows.js';
import type { Parents } from './list.js';
import { isBounded, nestedRows } from './page.js';
import { scopeConditions, type Deleted, type Scope } from './scope.js';
import { all, column, viewOf, type Sql } from './sql.js';
import { windowOf, type Window } from './window.js';

/**
 * How rows are read along: what a statement selects of each, and what to make of its answer. It serves every operation whose `Ahead`
 * has the same name, so the arguments of the one at hand come with each call.
 */
export interface Bringing {
  fields: readonly string[];
  /** Values beside the fields: what relations lead to. */
  along: readonly Sql[];
  rowOf: (values: readonly unknown[], ahead: Ahead) => AnyRow;
}

/** What decides how things are brought. */
export interface Bringer {
  scope: Scope;
  seal: CursorSeal;
}

/** Rows inside rows, each level under an alias of its own. */
export const nestedAlias = (depth: number): string => `t${depth}`;

/** @param alias of the row that the columns stand beside. @param needed fields that the engine itself looks at. */
export function bring(by: Bringer, entity: Entity, alias: string, ahead: Ahead, needed: readonly string[], depth = 1): Bringing {
  const brought = ahead.relations.flatMap((relation, place) => {
    const found = bringRelation(by, entity, alias, relation, depth);
    return found ? [{ ...found, place }] : [];
  });
  // A record that is not brought is looked up by its id.
  const isBrought = new Set(brought.map(({ place }) => place));
  const keys = ahead.relations.flatMap(({ name }, place) => (isBrought.has(place) ? [] : [entity.toOne[name]?.key ?? 'id']));
  const fields = ahead.fields ? [...new Set(['id', ...needed, ...keys, ...ahead.fields])] : Object.keys(entity.fields);
  return { fields, along: brought.map(({ value }) => value), rowOf: rowWith(rowReader(entity, fields), fields.length, brought) };
}

function rowWith(read: RowReader, width: number, brought: readonly (BroughtRelation & { place: number })[]): Bringing['rowOf'] {
  if (brought.length === 0) return read;
  return (values, ahead) => {
    const row = read(values);
    bearAlong(
      row,
      brought.map((item, index) => item.read(values[width + index], ahead.relations[item.place] as AheadRelation)),
    );
    return row;
  };
}

interface BroughtRelation {
  value: Sql;
  read: (json: unknown, relation: AheadRelation) => Along;
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
  // What is kept for all organizations knows the custom fields of none: the field reads its list itself.
  if (!by.scope.customFields && namesCustomFields(relation.args)) return null;
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

function bringRecord(by: Bringer, alias: string, to: ToOne, { below }: AheadRelation, depth: number): BroughtRelation {
  const place = { id: column(alias, to.key), deleted: to.evenDeleted ? ('WITH' as const) : undefined, depth };
  const { value, rowOf } = bringOne(by, entityOf(by.scope.graph, to.entity), below, place);
  return { value, read: (json, { name, args, below: wanted }) => ({ name, args, record: rowOf(json, wanted) }) };
}

/** A record inside rows, by its id, and what to make of it. @throws DomainError FORBIDDEN for an API key that may not read it. */
export function bringOne(
  by: Bringer,
  entity: Entity,
  ahead: Ahead,
  { id, deleted, depth }: { id: Sql; deleted: Deleted; depth: number },
): { value: Sql; rowOf: (json: unknown, ahead: Ahead) => AnyRow | null } {
  const alias = nestedAlias(depth);
  const bringing = bring(by, entity, alias, ahead, [], depth + 1);
  const conditions = [...scopeConditions(entity, alias, by.scope, deleted), sql`${column(alias, 'id')} = ${id}`];
  const row = jsonOf(entity, bringing, (field) => column(alias, field), bringing.along);
  return {
    value: sql`(select ${row} from ${viewOf(entity, alias)} where ${all(conditions)})`,
    rowOf: (json, wanted) => (json ? bringing.rowOf(json as unknown[], wanted) : null),
  };
}

function bringList(
  by: Bringer,
  alias: string,
  to: ToMany & { key: string },
  { args, below }: AheadRelation,
  depth: number,
): BroughtRelation | null {
  const target = entityOf(by.scope.graph, to.entity);
  const window = windowOf(target, args, to.defaultOrder ?? target.defaultOrder, by.scope, by.seal);
  if (!canBring(target, window)) return null;
  const place = { parents: { key: to.key, ids: [] }, parentId: column(alias, 'id') };
  const rows = bringRows(by, target, window, below, place, depth);
  return {
    value: rows.value,
    read: (json, { name, args: given, below: wanted }) => ({
      name,
      args: given,
      list: { window, page: pageOf(rows.read(json, wanted), window, NO_NEIGHBOURS) },
    }),
  };
}

/** A page that is brought starts and ends where its list does. */
export const NO_NEIGHBOURS = { $preceding: false, $following: false };

/** Whether a list can be brought: its rows are walked in its order, and its keys are fields of them. */
export function canBring(entity: Entity, window: Window): boolean {
  return !isBounded(window) && window.keys.every(({ name }) => name in entity.fields);
}

/** Where a list stands that is brought: the field that holds the parent's id, and that id; neither for a list of the organization. */
export interface ListPlace {
  parents: Parents | null;
  parentId: Sql;
}

/** The first rows of a list as one JSON value, and what to make of it; one row more than the window asks for when more follow. */
export function bringRows(
  by: Bringer,
  entity: Entity,
  window: Window,
  ahead: Ahead,
  place: ListPlace,
  depth = 0,
): { value: Sql; read: (json: unknown, ahead: Ahead) => AnyRow[] } {
  const inner = nestedAlias(depth);
  const bringing = bring(by, entity, inner, ahead, ahead.hasCursors ? window.keys.map((key) => key.name) : [], depth + 1);
  const rows = nestedRows({ entity, scope: by.scope, window, ...place, alias: inner, selected: bringing });
  const page = `p${depth}`;
  const row = jsonOf(
    entity,
    bringing,
    (field) => sql.ref(`${page}.${field}`),
    bringing.along.map((_, index) => sql.ref(`${page}.$${index}`)),
  );
  return {
    value: sql`(select json_agg(${row}) from (${rows}) as ${sql.id(page)})`,
    read: (json, wanted) => ((json ?? []) as unknown[][]).map((values) => bringing.rowOf(values, wanted)),
  };
}
