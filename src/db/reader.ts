import DataLoader from 'dataloader';
import type { Caller } from '../caller.js';
import { groupBy } from '../lib/group-by.js';
import { isUuid } from '../lib/uuid.js';
import { connection, pageFrom, type Connection, type Page } from './connection.js';
import { countStatement, pageStatement, type PageRow, type Parents } from './engine/page.js';
import { rowsStatement } from './engine/rows.js';
import type { Deleted, Scope } from './engine/scope.js';
import type { Statement } from './engine/sql.js';
import { totalsStatement, type MoneyTotalRow } from './engine/totals.js';
import { canonical, windowOf, type PageArgs, type Window } from './engine/window.js';
import type { CursorSeal } from './engine/cursor.js';
import { entityOf, type Entity, type Graph, type ToMany } from './graph.js';
import type { Snapshot } from './snapshot.js';

export type AnyRow = { id: string } & Record<string, unknown>;

/**
 * What one caller can see, in one snapshot: the only way rooms read records. Loaders live as long as it does, so nothing
 * read for one request is there for the next.
 */
export interface Reader {
  readonly caller: Caller;
  /** A record by id; null when it is missing, foreign, hidden, or deleted (unless `deleted` says otherwise). */
  find(table: string, id: string, deleted?: Deleted | null): Promise<AnyRow | null>;
  /** The record a to-one relation of `row` leads to. */
  one(table: string, relation: string, row: object): Promise<AnyRow | null>;
  /** A page of the whole organization. @throws DomainError INVALID_INPUT for bad arguments. */
  page(table: string, args: PageArgs): Connection<AnyRow>;
  /** A page of a to-many relation of `row`. @throws DomainError INVALID_INPUT for bad arguments. */
  many(table: string, relation: string, row: { id: string }, args: PageArgs): Connection<AnyRow>;
  /** All rows of `table` whose `key` is `id`, ordered by `orderBy`: for values embedded in a record, never for records. */
  embedded(table: string, key: string, id: string, orderBy: string): Promise<AnyRow[]>;
  close(): void;
}

export interface ReaderSettings {
  graph: Graph;
  seal: CursorSeal;
  tenantFilter: boolean;
}

/** @see Reader */
export function openReader(caller: Caller, snapshot: Snapshot, { graph, seal, tenantFilter }: ReaderSettings): Reader {
  const scope: Scope = { orgId: caller.orgId, tenantFilter };
  const loaders = new Map<string, DataLoader<string, unknown>>();
  const loaderFor = <Value>(name: string, batch: (keys: readonly string[]) => Promise<Value[]>): DataLoader<string, Value> => {
    const known = loaders.get(name) ?? new DataLoader<string, unknown>(batch);
    loaders.set(name, known);
    return known as DataLoader<string, Value>;
  };

  const byId = (entity: Entity, id: string, deleted: Deleted): Promise<AnyRow | null> =>
    loaderFor(`${entity.table}|${deleted ?? ''}`, async (ids) => {
      const rows = await snapshot.query<AnyRow>(rowsStatement(entity, 'id', ids, scope, deleted));
      const found = new Map(rows.map((row) => [row.id, row]));
      return ids.map((key) => found.get(key) ?? null);
    }).load(id.toLowerCase());

  /** One statement for all parents that ask for the same list; without parents the list is the organization's. */
  const perParent = <Value>(
    name: string,
    relation: ToMany | null,
    parentId: string,
    statement: (parents: Parents | null) => Statement,
    valueOf: (rows: PageRow[]) => Value,
  ): Promise<Value> =>
    loaderFor(name, async (ids) => {
      const parents = relation?.key ? { key: relation.key, ids } : null;
      const rows = await snapshot.query<PageRow>(statement(parents));
      const byParent = parents ? groupBy(rows, (row) => row.$parent) : null;
      return ids.map((id) => valueOf(byParent ? (byParent.get(id) ?? []) : rows));
    }).load(parentId);

  const listOf = (
    entity: Entity,
    name: string,
    relation: ToMany | null,
    parentId: string,
    args: PageArgs,
  ): Connection<AnyRow> => {
    const window = windowOf(entity, args, relation?.defaultOrder ?? entity.defaultOrder, scope, seal);
    const key = `${name}|${canonical(args)}`;
    return connection<AnyRow>(window, seal, {
      page: () =>
        perParent(`page ${key}`, relation, parentId, (parents) => pageStatement(entity, window, scope, parents), toPage(window)),
      count: () =>
        perParent(`count ${key}`, relation, parentId, (parents) => countStatement(entity, window, scope, parents), toCount),
      totals: () =>
        perParent(`totals ${key}`, relation, parentId, (parents) => totalsStatement(entity, window, scope, parents), toTotals),
    });
  };

  return {
    caller,
    find: async (table, id, deleted) => (isUuid(id) ? byId(entityOf(graph, table), id, deleted ?? undefined) : null),
    one: async (table, name, row) => {
      const relation = entityOf(graph, table).toOne[name];
      if (!relation) throw new Error(`${table} declares no relation ${name}.`);
      const id = (row as Record<string, string | null>)[relation.key];
      return id ? byId(entityOf(graph, relation.entity), id, relation.evenDeleted ? 'WITH' : undefined) : null;
    },
    page: (table, args) => listOf(entityOf(graph, table), table, null, 'all', args),
    many: (table, name, row, args) => {
      const relation = entityOf(graph, table).toMany[name];
      if (!relation) throw new Error(`${table} declares no relation ${name}.`);
      return listOf(entityOf(graph, relation.entity), `${table}.${name}`, relation, row.id, args);
    },
    embedded: (table, key, id, orderBy) =>
      loaderFor(`embedded ${table} ${key}`, async (ids) => {
        const rows = await snapshot.query<AnyRow>(rowsStatement(entityOf(graph, table), key, ids, scope, 'WITH', orderBy));
        const byKey = groupBy(rows, (row) => row[key]);
        return ids.map((parent) => byKey.get(parent) ?? []);
      }).load(id),
    close: () => snapshot.close(),
  };
}

function toPage(window: Window): (rows: PageRow[]) => Page<AnyRow> {
  return (rows) => pageFrom<AnyRow>(rows, window);
}

function toCount(rows: PageRow[]): number {
  return Number(rows[0]?.['count'] ?? 0);
}

function toTotals(rows: PageRow[]): MoneyTotalRow[] {
  return (rows[0]?.['totals'] ?? []) as MoneyTotalRow[];
}
