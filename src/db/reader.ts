import type { Caller } from '../caller.js';
import { isUuid } from '../lib/uuid.js';
import type { Watch } from '../watch.js';
import type { Connection, Soon } from './connection.js';
import { customFieldsOf, type CustomFieldDefinition, type CustomFields } from './custom-fields.js';
import { broughtAlong, type Ahead } from './engine/along.js';
import { sealOf, type CursorSeal } from './engine/cursor.js';
import { namesCustomFields } from './engine/custom-values.js';
import { parentsTable, type Parents } from './engine/list.js';
import { openScopeOf, type Deleted, type Scope, type ScopeSettings } from './engine/scope.js';
import { compile, filled, type Fillings, type Sql, type Statement } from './engine/sql.js';
import { tallyStatement, type TallyArgs } from './engine/tally.js';
import { visitsStatement, type VisitRow } from './engine/visits.js';
import type { PageArgs } from './engine/window.js';
import { entityOf, type Entity } from './graph.js';
import { keptAsker, type KeptAnswer, type KeptQuestion } from './kept-questions.js';
import { connectionOf, listOf, unkept, type Common } from './lists.js';
import { makeLoaders, type Ask, type Beforehand, type Loaders, type ParentQuestion } from './loaders.js';
import { preparer, type Shelf } from './prepared.js';
import { sightOf, type Sight } from './sight.js';
import type { Snapshot } from './snapshot.js';
import { watched } from './watching.js';

export type AnyRow = { id: string } & Record<string, unknown>;

/**
 * What one caller can see, in one snapshot: the only way rooms read records. Loaders live as long as it does, so nothing
 * read for one request is there for the next. `ahead` says what will be read of a page's rows, so that it comes in the same statement.
 */
export interface Reader extends Pick<Snapshot, 'close' | 'abort'> {
  readonly caller: Caller;
  /** What "now" means in everything it answers. */
  readonly now: Date;
  /** A record by id; null when it is missing, foreign, hidden, or deleted (unless `deleted` says otherwise). */
  find(table: string, id: string, deleted?: Deleted | null, ahead?: Ahead | null): Promise<AnyRow | null>;
  /** What reads a record for `find` in a transaction that is about to commit; null for an API key that may not read it. */
  beforehand(table: string, id: string, deleted: Deleted, ahead: Ahead): Beforehand | null;
  /** The record a to-one relation of `row` leads to. */
  one(table: string, relation: string, row: object): Soon<AnyRow | null>;
  /**
   * The same of a row whose relations lead nowhere that its caller cannot see, for who reads nothing but the id.
   */
  named(table: string, relation: string, row: object): { id: string } | null;
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
  /** The same, written once for all callers of a kind, with records that are read along. */
  askKept<Answer>(question: KeptQuestion): Promise<KeptAnswer<Answer>>;
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
  /** Goes on once the custom fields that the filter or order in arguments names are known; at once where none is named. */
  knowing<Value>(args: Pick<PageArgs, 'filter' | 'orderBy'>, then: () => Value): Soon<Value>;
  /** How often each value of a list field stands in the records the caller sees, the most frequent first. */
  tally(table: string, field: string, args: TallyArgs): Promise<Tally[]>;
}

/** A value and how many records have it. */
export interface Tally {
  name: string;
  count: number;
}

export interface ReaderSettings extends ScopeSettings {
  seal: CursorSeal;
}

/** What readers have in common. */
export interface ReaderTools extends ReaderSettings {
  shelf: Shelf;
}

/** @see Reader */
export function openReader(caller: Caller, unwatched: Snapshot, settings: ReaderTools, watch?: Watch): Reader {
  const snapshot = watched(unwatched, watch);
  const { scope, fillings, now } = openScopeOf(caller, settings);
  const readable = readableOf(scope);
  const fill = filler(fillings);
  const query: Ask = (...of) => snapshot.query(fill(...of));
  const by = { scope, seal: sealOf(caller.orgId, settings.seal) };
  const prepare = preparer(settings.shelf, sightNameOf(caller, scope));
  const loaders = makeLoaders(by, { ask: query, fill }, prepare, watch?.batches);
  const customFields = customFieldsOf(scope, query);
  const common = (args: PageArgs): Common => {
    if (!namesCustomFields(args)) return { by, prepare, loaders };
    return { by: { ...by, scope: customFields.scope() }, prepare: unkept, loaders };
  };
  return {
    caller,
    now,
    ...single(scope, loaders),
    ...asking(scope, query, loaders, customFields),
    askKept: keptAsker(by, prepare, (statement, given) => snapshot.query(fill(statement, [], given))),
    page: (table, args, ahead = null) => {
      const entity = readable(table);
      return listOf({ ...common(args), entity, key: null, parentId: '', name: table, ahead }, args, entity.defaultOrder);
    },
    many: (table, name, row, args, ahead = () => null) => {
      const relation = relationOf(entityOf(scope.graph, table).toMany, table, name);
      const entity = readable(relation.entity);
      const along = broughtAlong(row, name, args)?.list;
      const source = { ...common(args), entity, key: relation.key, parentId: row.id, name: `${table}.${name}` };
      if (along) return connectionOf({ ...source, ahead: null }, args, along.window, along.page);
      return listOf({ ...source, ahead: ahead() }, args, relation.defaultOrder ?? entity.defaultOrder);
    },
    embedded: async (table, key, id, orderBy) => loaders.allOf(readable(table), key, id, orderBy),
    targetOf: (table, field) =>
      Object.values(entityOf(scope.graph, table).toOne).find(({ key }) => key === field)?.entity ?? null,
    seal: settings.seal,
    close: () => snapshot.close(),
    abort: (reason) => snapshot.abort(reason),
  };
}

function filler(fillings: Fillings) {
  return (statement: Statement, parents: readonly string[] = [], given: Fillings['given'] = []): Statement =>
    filled(statement, { ...fillings, parents, given });
}

/** What is no record and no list of them. */
function asking(
  scope: Scope,
  query: Ask,
  loaders: Loaders,
  customFields: CustomFields,
): Pick<Reader, 'ask' | 'askEach' | 'customFields' | 'knowing' | 'tally' | 'visits'> {
  return {
    visits: async (dealId) => {
      readableOf(scope)('pipeline_stages');
      return loaders.ofParent(visitsOf(scope), dealId);
    },
    ask: (write) => query(compile(write(sightOf(customFields.scope())))),
    askEach: <Answer>(name: string, parentId: string, write: (sight: Sight, parents: Sql) => Sql) => {
      const statement = (parents: Parents | null): Statement => compile(write(sightOf(scope), parentsTable(parents)));
      return loaders.ofParent({ what: name, key: 'id', statement, valueOf: (rows) => rows as Answer[] }, parentId);
    },
    customFields: customFields.read,
    knowing: (args, then) =>
      namesCustomFields(args) && !customFields.scope().customFields ? customFields.read().then(then) : then(),
    tally: (table, field, args) => query<Tally>(tallyStatement(entityOf(scope.graph, table), field, scope, args)),
  };
}

/** What decides, of a caller, which statement answers a question (`preparer`). */
function sightNameOf({ via }: Caller, { onlyOf }: Scope): string {
  return `${onlyOf === null ? 'all' : 'own'} ${via.kind === 'API_KEY' ? via.scopes.join(' ') : via.kind}`;
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

function mayRead(scope: Scope, entity: Entity): boolean {
  try {
    scope.checkMayRead(entity);
    return true;
  } catch {
    return false;
  }
}

function single(scope: Scope, loaders: Loaders): Pick<Reader, 'beforehand' | 'find' | 'named' | 'one'> {
  const readable = readableOf(scope);
  return {
    beforehand: (table, id, deleted, ahead) => {
      const entity = entityOf(scope.graph, table);
      return isUuid(id) && mayRead(scope, entity) ? loaders.beforehand(entity, id, deleted, ahead) : null;
    },
    find: async (table, id, deleted, ahead = null) => {
      const entity = readable(table);
      return isUuid(id) ? loaders.byId(entity, id, deleted ?? undefined, ahead) : null;
    },
    named: (table, name, row) => {
      const relation = relationOf(entityOf(scope.graph, table).toOne, table, name);
      readable(relation.entity);
      const id = (row as Record<string, string | null>)[relation.key];
      return id ? { id } : null;
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

function relationOf<Relation>(relations: Record<string, Relation>, table: string, name: string): Relation {
  const relation = relations[name];
  if (!relation) throw new Error(`${table} declares no relation ${name}.`);
  return relation;
}
