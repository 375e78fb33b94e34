import DataLoader from 'dataloader';
import { groupBy } from '../lib/group-by.js';
import type { PageRow, Parents } from './engine/page.js';
import { rowsStatement } from './engine/rows.js';
import type { Deleted, Scope } from './engine/scope.js';
import type { Statement } from './engine/sql.js';
import type { Entity } from './graph.js';
import type { AnyRow } from './reader.js';
import type { Snapshot } from './snapshot.js';

/** The engine's batch door: what is asked for in one tick becomes one statement. They live as long as their snapshot. */
export interface Loaders {
  /** A row by its id. */
  byId(entity: Entity, id: string, deleted: Deleted): Promise<AnyRow | null>;
  /** All rows whose `key` is `id`, in an order. */
  allOf(entity: Entity, key: string, id: string, orderBy: string): Promise<AnyRow[]>;
  /** Something about the list of one parent; one statement for all parents that ask for the same `what`. */
  ofParent<Value>(ask: ParentQuestion<Value>, parentId: string): Promise<Value>;
}

/** A question about lists that several parents ask at once. */
export interface ParentQuestion<Value> {
  /** Equal questions have equal names: relation, arguments, and what is asked. */
  what: string;
  /** Tells questions of one name apart. */
  which?: object | null;
  /** Field of the listed entity that holds the parent's id; null: the list is the organization's. */
  key: string | null;
  statement: (parents: Parents | null) => Statement;
  valueOf: (rows: PageRow[]) => Value;
}

/** @see Loaders */
export function makeLoaders(scope: Scope, snapshot: Snapshot): Loaders {
  const shelves = new Map<object | null, Map<string, DataLoader<string, unknown>>>();
  const load = <Value>(
    what: string,
    id: string,
    batch: (ids: readonly string[]) => Promise<Value[]>,
    which: object | null = null,
  ): Promise<Value> => {
    const loaders = shelves.get(which) ?? new Map<string, DataLoader<string, unknown>>();
    shelves.set(which, loaders);
    const loader = loaders.get(what) ?? new DataLoader<string, unknown>(batch);
    loaders.set(what, loader);
    return loader.load(id) as Promise<Value>;
  };
  return {
    byId: (entity, id, deleted) =>
      load(`row ${entity.table} ${deleted ?? ''}`, id.toLowerCase(), async (ids) => {
        const rows = await snapshot.query<AnyRow>(rowsStatement(entity, 'id', ids, scope, deleted));
        const found = new Map(rows.map((row) => [row.id, row]));
        return ids.map((key) => found.get(key) ?? null);
      }),
    allOf: (entity, key, id, orderBy) =>
      load(`rows ${entity.table} ${key}`, id, async (ids) => {
        const rows = await snapshot.query<AnyRow>(rowsStatement(entity, key, ids, scope, 'WITH', orderBy));
        const found = groupBy(rows, (row) => row[key]);
        return ids.map((parent) => found.get(parent) ?? []);
      }),
    ofParent: ({ what, which, key, statement, valueOf }, parentId) =>
      load(
        what,
        parentId,
        async (ids) => {
          const rows = await snapshot.query<PageRow>(statement(key ? { key, ids } : null));
          const found = key ? groupBy(rows, (row) => row.$parent) : null;
          return ids.map((id) => valueOf(found ? (found.get(id) ?? []) : rows));
        },
        which,
      ),
  };
}
