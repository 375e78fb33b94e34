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
  /** What reads such a row elsewhere, and takes the answer for `byId`. */
  beforehand(entity: Entity, id: string, deleted: Deleted, ahead: Ahead): Beforehand;
  /** All rows whose `key` is `id`, in an order. */
  allOf(entity: Entity, key: string, id: string, orderBy: string): Promise<AnyRow[]>;
  /** Something about the list of one parent; one statement for all parents that ask for the same `what`. */
  ofParent<Value>(ask: ParentQuestion<Value>, parentId: string): Promise<Value>;
}

/** A statement that somebody else sends. */
export interface Beforehand {
  statement: Statement;
  take: (rows: readonly unknown[]) => void;
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
  /** What its openings are filled with (`givenAt`). */
  given?: readonly string[];
  valueOf: (rows: PageRow[]) => Value;
}

/** Sends a statement, for these parents, with what is given. */
export type Ask = <Row>(statement: Statement, parents?: readonly string[], given?: readonly string[]) => Promise<Row[]>;

/** How statements are sent. */
export interface Asking {
  ask: Ask;
  /** The statement as it is sent. */
  fill: (statement: Statement, parents: readonly string[]) => Statement;
}

/** @see Loaders. @param sizes is told how many keys each batch gathered. */
export function makeLoaders(by: Bringer, { ask, fill }: Asking, prepare: Prepare, sizes: number[] = []): Loaders {
  const loaderOf = loadersByName(sizes);
  const statementOf = (entity: Entity, key: string, orderBy: string): Statement =>
    prepare(`rows ${entity.table} ${key} ${orderBy}`, () =>
      rowsStatement(entity, key, OPENINGS.parents, by.scope, 'WITH', orderBy),
    );
  const load: Load = (what, id, batch, which) => loaderOf(what, batch, which).load(id);
  return {
    ...recordsById(by, { ask, fill }, prepare, loaderOf),
    allOf: (entity, key, id, orderBy) =>
      load(`rows ${entity.table} ${key}`, id, async (ids) => {
        const rows = await ask<AnyRow>(statementOf(entity, key, orderBy), ids);
        const found = groupBy(rows, (row) => row[key]);
        return ids.map((parent) => found.get(parent) ?? []);
      }),
    ofParent: ({ what, which, key, statement, given, valueOf }, parentId) =>
      load(
        what,
        parentId,
        async (ids) => {
          const rows = await ask<PageRow>(statement(key ? { key, ids: OPENINGS.parents } : null), ids, given);
          const found = key ? groupBy(rows, (row) => row.$parent) : null;
          return ids.map((id) => valueOf(found ? (found.get(id) ?? []) : rows));
        },
        which,
      ),
  };
}

/** Records by their ids. */
function recordsById(
  by: Bringer,
  { ask, fill }: Asking,
  prepare: Prepare,
  loaderOf: LoaderOf,
): Pick<Loaders, 'beforehand' | 'byId'> {
  const loader = (entity: Entity, deleted: Deleted, ahead: Ahead | null): DataLoader<string, AnyRow | null> => {
    const { statement, rowsOf } = recordsStatement(by, prepare, entity, deleted, ahead);
    const batch = async (ids: readonly string[]): Promise<(AnyRow | null)[]> => {
      const rows = await ask({ ...statement, isLast: ahead?.isAll ?? false }, ids);
      const found = new Map(rowsOf(rows).map((row) => [row.id, row]));
      return ids.map((key) => found.get(key) ?? null);
    };
    return loaderOf(`row ${entity.table} ${deleted ?? ''}`, batch, ahead);
  };
  return {
    byId: (entity, id, deleted, ahead = null) => loader(entity, deleted, ahead).load(id.toLowerCase()),
    beforehand: (entity, id, deleted, ahead) => {
      const { statement, rowsOf } = recordsStatement(by, prepare, entity, deleted, ahead);
      const take = (rows: readonly unknown[]): void =>
        void loader(entity, deleted, ahead).prime(id.toLowerCase(), rowsOf(rows)[0] ?? null);
      return { statement: fill(statement, [id]), take };
    },
  };
}

/** What reads records by their ids, and what to make of its answer: whole rows, or what is read ahead of them. */
function recordsStatement(
  by: Bringer,
  prepare: Prepare,
  entity: Entity,
  deleted: Deleted,
  ahead: Ahead | null,
): { statement: Statement; rowsOf: (rows: readonly unknown[]) => AnyRow[] } {
  const what = `row ${entity.table} ${deleted ?? ''}`;
  if (!ahead) {
    const statement = prepare(what, () => rowsStatement(entity, 'id', OPENINGS.parents, by.scope, deleted));
    return { statement, rowsOf: (rows) => rows as AnyRow[] };
  }
  const { statement, rowOf } = prepare(`${what} ${ahead.name}`, () => recordsAhead(by, entity, deleted, ahead));
  return { statement, rowsOf: (rows) => rows.map((row) => rowOf(row as Record<string, unknown>, ahead)) };
}

type Load = <Value>(
  what: string,
  id: string,
  batch: (ids: readonly string[]) => Promise<Value[]>,
  which?: object | null,
) => Promise<Value>;

type LoaderOf = <Value>(what: string, batch: Batch<Value>, which?: object | null) => DataLoader<string, Value>;

/** A DataLoader for each question, made when it is asked first. */
function loadersByName(sizes: number[]): LoaderOf {
  const shelves = new Map<object | null, Map<string, DataLoader<string, unknown>>>();
  return <Value>(what: string, batch: Batch<Value>, which: object | null = null) => {
    const loaders = shelves.get(which) ?? new Map<string, DataLoader<string, unknown>>();
    shelves.set(which, loaders);
    const loader = loaders.get(what) ?? new DataLoader<string, unknown>(noted(batch, sizes));
    loaders.set(what, loader);
    return loader as DataLoader<string, Value>;
  };
}

type Batch<Value> = (ids: readonly string[]) => Promise<Value[]>;

function noted<Value>(batch: Batch<Value>, sizes: number[]): Batch<Value> {
  return (ids) => {
    sizes.push(ids.length);
    return batch(ids);
  };
}
