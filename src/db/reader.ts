import type { Caller } from '../caller.js';
import { canonical } from '../lib/canonical.js';
import { isUuid } from '../lib/uuid.js';
import { connection, pageFrom, type Connection, type Page, type Soon } from './connection.js';
import { definitionsStatement, type CustomFieldDefinition } from './custom-fields.js';
import { bring, broughtAlong, type Ahead } from './engine/ahead.js';
import { checkLength } from './engine/bounded.js';
import type { CursorSeal } from './engine/cursor.js';
import { aggregateStatement, groupedBy, groupsFrom, type AggregateArgs } from './engine/aggregate.js';
import { countStatement, isBounded, pageStatement, parentsTable, type PageRow, type Parents } from './engine/page.js';
import { scopeOf, type Deleted, type Scope, type ScopeSettings } from './engine/scope.js';
import { compile, type Sql, type Statement } from './engine/sql.js';
import { tallyStatement, type TallyArgs } from './engine/tally.js';
import { totalsStatement, type MoneyTotalRow } from './engine/totals.js';
import { visitsStatement, type VisitRow } from './engine/visits.js';
import { windowOf, type PageArgs, type Window } from './engine/window.js';
import { entityOf, type Entity, type OrderTerm } from './graph.js';
import { makeLoaders, type Loaders, type ParentQuestion } from './loaders.js';
import { sightOf, type Sight } from './sight.js';
import type { Snapshot } from './snapshot.js';

export type AnyRow = { id: string } & Record<string, unknown>;

/**
 * What one caller can see, in one snapshot: the only way rooms read records. Loaders live as long as it does, so nothing
 * read for one request is there for the next. `ahead` says what will be read of a page's rows, so that it comes in the same statement.
 */
export interface Reader {
  readonly caller: Caller;
  /** What "now" means in everything it answers. */
  readonly now: Date;
  /** A record by id; null when it is missing, foreign, hidden, or deleted (unless `deleted` says otherwise). */
  find(table: string, id: string, deleted?: Deleted | null): Promise<AnyRow | null>;
  /** The record a to-one relation of `row` leads to. */
  one(table: string, relation: string, row: object): Soon<AnyRow | null>;
  /** A page of the whole organization. @throws DomainError INVALID_INPUT for bad arguments. */
  page(table: string, args: PageArgs, ahead?: Ahead | null): Connection<AnyRow>;
  /** A page of a to-many relation of `row`. @throws DomainError INVALID_INPUT for bad arguments. */
  many(table: string, relation: string, row: { id: string }, args: PageArgs, ahead?: () => Ahead | null): Connection<AnyRow>;
  /** All rows of `table` whose `key` is `id`, ordered by `orderBy`: for values embedded in a record, never for records. */
  embedded(table: string, key: string, id: string, orderBy: string): Promise<AnyRow[]>;
  /** Where a deal that the caller sees has been, the first stage first. */
  visits(dealId: string): Promise<VisitRow[]>;
  /** Rows of a statement that a read-only room writes itself. */
  ask<Answer>(write: (sight: Sight) => Sql): Promise<Answer[]>;
  /**
   * The same for one of several parents: what is asked in one tick under one name is one statement. Its rows carry the parent's id as
   * `$parent`; `parents` is a table `parent(id)`.
   */
  askEach<Answer>(name: string, parentId: string, write: (sight: Sight, parents: Sql) => Sql): Promise<Answer[]>;
  /** The table that a field of `table` refers to; null when it is no reference. */
  targetOf(table: string, field: string): string | null;
  /** Seals and opens the cursors of lists that a room pages itself. */
  readonly seal: CursorSeal;
  /** The organization's custom fields that are not deleted, in their order; read once. */
  customFields(): Promise<CustomFieldDefinition[]>;
  /** How often each value of a list field stands in the records the caller sees, the most frequent first. */
  tally(table: string, field: string, args: TallyArgs): Promise<Tally[]>;
  close(): void;
}

/** A value and how many records have it. */
export interface Tally {
  name: string;
  count: number;
}

export interface ReaderSettings extends ScopeSettings {
  seal: CursorSeal;
}

/** @see Reader */
export function openReader(caller: Caller, snapshot: Snapshot, settings: ReaderSettings): Reader {
  const { graph, seal } = settings;
  const scope = scopeOf(caller, settings);
  const readable = readableOf(scope);
  const loaders = makeLoaders(scope, snapshot);
  let definitions: Promise<CustomFieldDefinition[]> | undefined;
  return {
    caller,
    now: scope.now,
    ...single(scope, loaders),
    page: (table, args, ahead = null) => {
      const entity = readable(table);
      return listOf({ entity, scope, seal, loaders, key: null, parentId: '', name: table, ahead }, args, entity.defaultOrder);
    },
    many: (table, name, row, args, ahead = () => null) => {
      const relation = relationOf(entityOf(graph, table).toMany, table, name);
      const entity = readable(relation.entity);
      const along = broughtAlong(row, name, args)?.list;
      const source = { entity, scope, seal, loaders, key: relation.key, parentId: row.id, name: `${table}.${name}` };
      if (along) return connectionOf({ ...source, ahead: null }, args, along.window, along.page);
      return listOf({ ...source, ahead: ahead() }, args, relation.defaultOrder ?? entity.defaultOrder);
    },
    embedded: async (table, key, id, orderBy) => loaders.allOf(readable(table), key, id, orderBy),
    visits: async (dealId) => {
      readable('pipeline_stages');
      return loaders.ofParent(visitsOf(scope), dealId);
    },
    ask: (write) => snapshot.query(compile(write(sightOf(scope)))),
    askEach: <Answer>(name: string, parentId: string, write: (sight: Sight, parents: Sql) => Sql) => {
      const statement = (parents: Parents | null): Statement => compile(write(sightOf(scope), parentsTable(parents)));
      return loaders.ofParent({ what: name, key: 'id', statement, valueOf: (rows) => rows as Answer[] }, parentId);
    },
    targetOf: (table, field) => Object.values(entityOf(graph, table).toOne).find(({ key }) => key === field)?.entity ?? null,
    seal,
    customFields: () => (definitions ??= snapshot.query<CustomFieldDefinition>(definitionsStatement(scope))),
    tally: (table, field, args) => snapshot.query<Tally>(tallyStatement(entityOf(graph, table), field, scope, args)),
    close: () => snapshot.close(),
  };
}

function visitsOf(scope: Scope): ParentQuestion<VisitRow[]> {
  const statement = (parents: Parents | null): Statement => visitsStatement(scope, parents?.ids ?? []);
  return { what: 'visits', key: 'id', statement, valueOf: (rows) => rows as unknown as VisitRow[] };
}

/** An entity by its table. Whether there is something to read is no more for a key's eyes than what it is. @throws DomainError FORBIDDEN. */
function readableOf(scope: Scope): (table: string) => Entity {
  return (table) => {
    const entity = entityOf(scope.graph, table);
    scope.checkMayRead(entity);
    return entity;
  };
}

function single(scope: Scope, loaders: Loaders): Pick<Reader, 'find' | 'one'> {
  const readable = readableOf(scope);
  return {
    find: async (table, id, deleted) => {
      const entity = readable(table);
      return isUuid(id) ? loaders.byId(entity, id, deleted ?? undefined) : null;
    },
    one: async (table, name, row) => {
      const along = broughtAlong(row, name);
      if (along) return along.record ?? null;
      const relation = relationOf(entityOf(scope.graph, table).toOne, table, name);
      const target = readable(relation.entity);
      const id = (row as Record<string, string | null>)[relation.key];
      return id ? loaders.byId(target, id, relation.evenDeleted ? 'WITH' : undefined) : null;
    },
  };
}

interface ListSource {
  entity: Entity;
  scope: Scope;
  seal: CursorSeal;
  loaders: Loaders;
  key: string | null;
  parentId: string;
  name: string;
  ahead: Ahead | null;
}

function listOf(source: ListSource, args: PageArgs, fallback: OrderTerm): Connection<AnyRow> {
  return connectionOf(source, args, windowOf(source.entity, args, fallback, source.scope, source.seal));
}

/** @param known the page, when it was brought along. */
function connectionOf(source: ListSource, args: PageArgs, window: Window, known?: Page<AnyRow>): Connection<AnyRow> {
  const { entity, scope, seal, loaders, key, parentId, name } = source;
  let text: string | undefined;
  const list = (): string => (text ??= `${name} ${canonical(args)}`);
  type Compile = (entity: Entity, window: Window, scope: Scope, parents: Parents | null) => Statement;
  const ask =
    <Value>(what: string, compile: Compile, valueOf: (rows: PageRow[]) => Value) =>
    (): Promise<Value> =>
      loaders.ofParent(
        { what: `${what} ${list()}`, key, statement: (parents) => compile(entity, window, scope, parents), valueOf },
        parentId,
      );
  return connection<AnyRow>(window, seal, {
    page: () => known ?? readPage(source, window, list()),
    count: ask('count', countStatement, ([row]) => Number(row?.['count'] ?? 0)),
    totals: ask('totals', totalsStatement, ([row]) => (row?.['totals'] ?? []) as MoneyTotalRow[]),
    aggregates: async (wanted: AggregateArgs) => {
      const grouped = groupedBy(entity, wanted);
      const compile: Compile = (...of) => aggregateStatement(grouped, ...of);
      return groupsFrom(grouped, await ask(`aggregates ${canonical(wanted)}`, compile, (rows) => rows)());
    },
  });
}

/** A page with what is read ahead of its rows; two fields with the same arguments may read different things. */
function readPage(source: ListSource, window: Window, list: string): Promise<Page<AnyRow>> {
  const { entity, scope, seal, loaders, key, parentId, ahead } = source;
  const sortedBy = window.keys.map((sortKey) => sortKey.name);
  const bringing = ahead && !isBounded(window) ? bring({ scope, seal }, entity, 't', ahead, sortedBy) : undefined;
  const question = {
    what: `page ${list}`,
    which: ahead,
    key,
    statement: (parents: Parents | null) => pageStatement(entity, window, scope, parents, bringing),
    valueOf: (rows: PageRow[]) => {
      checkLength(entity, window, rows);
      const page = pageFrom<AnyRow>(rows, window);
      if (bringing) for (const row of page.rows) bringing.attach(row);
      return page;
    },
  };
  return loaders.ofParent(question, parentId);
}

function relationOf<Relation>(relations: Record<string, Relation>, table: string, name: string): Relation {
  const relation = relations[name];
  if (!relation) throw new Error(`${table} declares no relation ${name}.`);
  return relation;
}
