import DataLoader from 'dataloader';
import { groupBy } from '../lib/group-by.js';
import type { Parents } from './engine/list.js';
import type { PageRow } from './engine/page.js';
import { recordsAhead } from './engine/ahead.js';
import type { Bringer } from './engine/bringing.js';
import type { Ahead } from './engine/along.js';
import { rowsStatement } from './engine/rows.js';
import type { Deleted } from './engine/scope.js';
import { OPENINGS, type Statement } from './engine/sql.js';
import type { Entity } from './graph.js';
import type { Prepare } from './prepared.js';
import type { AnyRow } from './reader.js';

/** The engine's batch door: what is asked for in one tick becomes one statement. They live as long as their snapshot. */
export interface Loaders {
  /** A row by its id, with what is read ahead of it. */
  byId(entity: Entity, id: string, deleted: Deleted, ahead?: Ahead | null): Promise<AnyRow | null>;
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

/** Sends a statement, for these parents. */
export type Ask = <Row>(statement: Statement, parents?: readonly string[]) => Promise<Row[]>;

/** @see Loaders. @param sizes is told how many keys each batch gathered. */
export function makeLoaders(by: Bringer, ask: Ask, prepare: Prepare, sizes: number[] = []): Loaders {
  const load = loadersByName(sizes);
  const statementOf = (what: string, entity: Entity, key: string, deleted: Deleted, orderBy?: string): Statement =>
    prepare(what, () => rowsStatement(entity, key, OPENINGS.parents, by.scope, deleted, orderBy));
  return {
    byId: (entity, id, deleted, ahead = null) => {
      const what = `row ${entity.table} ${deleted ?? ''}`;
      const read = async (ids: readonly string[]): Promise<AnyRow[]> => {
        if (!ahead) return ask<AnyRow>(statementOf(what, entity, 'id', deleted), ids);
        const made = prepare(`${what} ${ahead.name}`, () => recordsAhead(by, entity, deleted, ahead));
        const statement = { ...made.statement, isLast: ahead.isAll ?? false };
        return (await ask<Record<string, unknown>>(statement, ids)).map((row) => made.rowOf(row, ahead));
      };
      const batch = async (ids: readonly string[]): Promise<(AnyRow | null)[]> => {
        const found = new Map((await read(ids)).map((row) => [row.id, row]));
        return ids.map((key) => found.get(key) ?? null);
      };
      return load(what, id.toLowerCase(), batch, ahead);
    },
    allOf: (entity, key, id, orderBy) =>
      load(`rows ${entity.table} ${key}`, id, async (ids) => {
        const rows = await ask<AnyRow>(statementOf(`rows ${entity.table} ${key} ${orderBy}`, entity, key, 'WITH', orderBy), ids);
        const found = groupBy(rows, (row) => row[key]);
        return ids.map((parent) => found.get(parent) ?? []);
      }),
    ofParent: ({ what, which, key, statement, valueOf }, parentId) =>
      load(
        what,
        parentId,
        async (ids) => {
          const rows = await ask<PageRow>(statement(key ? { key, ids: OPENINGS.parents } : null), ids);
          const found = key ? groupBy(rows, (row) => row.$parent) : null;
          return ids.map((id) => valueOf(found ? (found.get(id) ?? []) : rows));
        },
        which,
      ),
  };
}

type Load = <Value>(
  what: string,
  id: string,
  batch: (ids: readonly string[]) => Promise<Value[]>,
  which?: object | null,
) => Promise<Value>;

/** A DataLoader for each question, made when it is asked first. */
function loadersByName(sizes: number[]): Load {
  const shelves = new Map<object | null, Map<string, DataLoader<string, unknown>>>();
  return <Value>(what: string, id: string, batch: (ids: readonly string[]) => Promise<Value[]>, which: object | null = null) => {
    const loaders = shelves.get(which) ?? new Map<string, DataLoader<string, unknown>>();
    shelves.set(which, loaders);
    const loader = loaders.get(what) ?? new DataLoader<string, unknown>(noted(batch, sizes));
    loaders.set(what, loader);
    return loader.load(id) as Promise<Value>;
  };
}

type Batch<Value> = (ids: readonly string[]) => Promise<Value[]>;

function noted<Value>(batch: Batch<Value>, sizes: number[]): Batch<Value> {
  return (ids) => {
    sizes.push(ids.length);
    return batch(ids);
  };
}
