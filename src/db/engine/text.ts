import { sql } from 'kysely';
import { DomainError } from '../../errors.js';
import { entityOf, type Entity } from '../graph.js';
import { canBring, type Bringer, type ListPlace } from './bringing.js';
import { namesCustomFields } from './custom-values.js';
import { branchesOf, orderList, type Read } from './order.js';
import { nestedRows } from './page.js';
import { scopeConditions } from './scope.js';
import type { ListPart, RecordPart, Shape, ShapePart } from './shape.js';
import { all, column, viewOf, type Sql } from './sql.js';
import { sourcesOf, writtenValue } from './text-values.js';
import { windowOf, type Window } from './window.js';

/** The rows of a page, and what is selected of all of them together. */
export interface TextRows {
  /** FROM and WHERE. Each row has its place in the page as `$place`, and how many were found as `$all`, if `countsMore`. */
  from: Sql;
  /** The texts of all rows, separated by commas; null for none. */
  texts: Sql;
  /** How many objects there are at each place below the rows, in the order of `placesOf` (texts.ts). */
  counts: Sql[];
  order: Sql;
  /** Reads a column of the rows. */
  read: (field: string) => Sql;
}

/** Who asks, and names for what is joined, each its own in the statement. */
interface Writing {
  by: Bringer;
  nameOf: (kind: string) => string;
}

/** What is written of an object, and what has to be joined for it. */
interface ObjectText {
  pieces: Sql[];
  counts: Sql[];
  joins: Sql[];
}

/** Thrown for pages in the middle of nested lists, and for orders that no index walks: their rows are read. */
const UNWRITABLE = new Error('Only rows can be read of such a list.');

/** The first rows of a list as text; null where rows have to be read instead. @param countsMore whether to see if more follow. */
export function textRows(
  by: Bringer,
  entity: Entity,
  window: Window,
  shape: Shape,
  place: ListPlace,
  countsMore: boolean,
): TextRows | null {
  const names = new Map<string, number>();
  const nameOf = (kind: string): string => {
    const count = names.get(kind) ?? 0;
    names.set(kind, count + 1);
    return `${kind}${count}`;
  };
  try {
    return rowsOf({ by, nameOf }, entity, window, shape, place, countsMore);
  } catch (error) {
    // What is refused (arguments, a record an API key may not read) the field itself says, if there is a row that asks.
    if (error === UNWRITABLE || error instanceof DomainError) return null;
    throw error;
  }
}

function rowsOf(writing: Writing, entity: Entity, window: Window, shape: Shape, place: ListPlace, countsMore: boolean): TextRows {
  if (window.backward || !canBring(entity, window)) throw UNWRITABLE;
  const alias = writing.nameOf('t');
  const page = writing.nameOf('p');
  const read = (field: string): Sql => sql.ref(`${page}.${field}`);
  const object = objectText(writing, entity, shape, read);
  const fields = [...new Set(['id', ...fieldsOf(entity, shape), ...window.keys.map(({ name }) => name)])];
  // A statement reads one row more than the size.
  const limited = countsMore ? window : { ...window, size: window.size - 1 };
  const { scope } = writing.by;
  const rows = nestedRows({ entity, scope, window: limited, ...place, alias, selected: { fields, along: [] } });
  const placed = sql`select r.*, row_number() over () as "$place", count(*) over () as "$all" from (${rows}) as r`;
  const order = orderOf(window, page);
  return {
    from: sql`from (${countsMore ? placed : rows}) as ${sql.id(page)} ${sql.join(object.joins, sql` `)}
      ${countsMore ? sql`where ${read('$place')} <= ${sql.lit(window.size)}` : sql``}`,
    texts: sql`string_agg(${sql.join(object.pieces, sql` || `)}, ',' order by ${order})`,
    counts: object.counts.map((count) => sql`coalesce(sum(${count}), 0)::int`),
    order,
    read,
  };
}

/** The order of the page, said once more: what is joined to it need not keep it. */
function orderOf({ keys }: Window, page: string): Sql {
  const read: Read = (key) => sql.id(page, key.name);
  const byKeys = orderList(keys, read);
  return branchesOf(keys, read).length > 1 ? sql`${sql.id(page, '$branch')}, ${byKeys}` : byKeys;
}

function fieldsOf(entity: Entity, { parts }: Shape): string[] {
  return parts.flatMap((part) => {
    if (part.is === 'field') return [...sourcesOf(entity, part.field)];
    return part.is === 'record' ? [relationOf(entity.toOne, part.relation).key] : [];
  });
}

function objectText(writing: Writing, entity: Entity, shape: Shape, read: (field: string) => Sql): ObjectText {
  const made: ObjectText = { pieces: [], counts: [], joins: [] };
  let constant = '{';
  shape.parts.forEach((part, index) => {
    constant += `${index > 0 ? ',' : ''}${JSON.stringify(part.key)}:`;
    if (part.is === 'constant') constant += part.json;
    else {
      made.pieces.push(sql.lit(constant), valueText(writing, entity, part, read, made));
      constant = '';
    }
  });
  made.pieces.push(sql.lit(`${constant}}`));
  return made;
}

type Varying = Exclude<ShapePart, { is: 'constant' }>;

function valueText(writing: Writing, entity: Entity, part: Varying, read: (field: string) => Sql, into: ObjectText): Sql {
  if (part.is === 'field') return sql`coalesce(${writtenValue(entity, part.field, read)}, 'null')`;
  const name = writing.nameOf('j');
  const { select, counts } =
    part.is === 'record' ? recordText(writing, entity, part, read) : listText(writing, entity, part, read);
  const columns = counts.map((count, index) => sql`${count} as ${sql.id(`c${index}`)}`);
  into.joins.push(sql`left join lateral (${select(sql.join([sql``, ...columns]))}) as ${sql.id(name)} on true`);
  into.counts.push(...counts.map((_, index) => sql.ref(`${name}.c${index}`)));
  return sql`coalesce(${sql.ref(`${name}.text`)}, 'null')`;
}

/** What is joined: a table of at most one row, its text and its counts. */
interface Joined {
  select: (counts: Sql) => Sql;
  counts: Sql[];
}

function recordText(writing: Writing, entity: Entity, part: RecordPart, read: (field: string) => Sql): Joined {
  const { key, evenDeleted, ...to } = relationOf(entity.toOne, part.relation);
  const { scope } = writing.by;
  const target = entityOf(scope.graph, to.entity);
  const alias = writing.nameOf('t');
  const object = objectText(writing, target, part.shape, (field) => column(alias, field));
  const conditions = [
    ...scopeConditions(target, alias, scope, evenDeleted ? 'WITH' : undefined),
    sql`${column(alias, 'id')} = ${read(key)}`,
  ];
  return {
    counts: [sql`1`, ...object.counts],
    select: (counts) => sql`select ${sql.join(object.pieces, sql` || `)} as "text"${counts}
      from ${viewOf(target, alias)} ${sql.join(object.joins, sql` `)} where ${all(conditions)}`,
  };
}

function listText(writing: Writing, entity: Entity, part: ListPart, read: (field: string) => Sql): Joined {
  const { key, defaultOrder, ...to } = relationOf(entity.toMany, part.relation);
  const { scope, seal } = writing.by;
  const { args } = part;
  if (!key || args.after || args.before || (!scope.customFields && namesCustomFields(args))) throw UNWRITABLE;
  const target = entityOf(scope.graph, to.entity);
  const window = windowOf(target, args, defaultOrder ?? target.defaultOrder, scope, seal);
  const rows = rowsOf(writing, target, window, part.shape, { parents: { key, ids: [] }, parentId: read('id') }, false);
  return {
    counts: [sql`count(${rows.read('id')})::int`, ...rows.counts],
    select: (counts) => sql`select ${connectionText(part, rows.texts)} as "text"${counts} ${rows.from}`,
  };
}

function connectionText({ connection }: ListPart, texts: Sql): Sql {
  const pieces = connection.flatMap((part, index) => {
    const key = `${index === 0 ? '{' : ','}${JSON.stringify(part.key)}:`;
    return part.is === 'constant' ? [sql.lit(key + part.json)] : [sql.lit(`${key}[`), sql`coalesce(${texts}, '')`, sql.lit(']')];
  });
  return sql.join([...pieces, sql.lit('}')], sql` || `);
}

function relationOf<Relation>(relations: Record<string, Relation>, name: string): Relation {
  const relation = relations[name];
  if (!relation) throw new Error(`No relation ${name} is declared.`);
  return relation;
}
