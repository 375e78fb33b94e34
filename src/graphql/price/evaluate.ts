import type { Graph } from '../../db/graph.js';
import { filterPrice, orderPrice } from './filters.js';
import type { Part, Tree } from './tree.js';
import { BEYOND } from './weights.js';

/** Rows of a page when nothing is said, and at most (src/db/engine/window.ts refuses more). */
const DEFAULT_SIZE = 25;
const LARGEST_SIZE = 100;
/** An order that no index walks sorts no longer list (src/db/engine/limits.ts), and looks at one row more. */
const MOST_SORTED = 10_001;

/** Objects of an answer, or how many there may be. */
export interface Population {
  readonly count: number;
  /** Those that a field leads to from each of these: at most `size` from each. */
  below(key: string, size: number): Population;
}

/** How a price is worked out. */
export interface Pricing {
  graph: Graph;
  variables: Readonly<Record<string, unknown>>;
  /** Sizes of pages instead of those asked for, by field of the document. */
  sizes?: ReadonlyMap<Part['node'], number>;
  /** Is told what each connection costs, without the connections below it. */
  tell?: (connection: Part, path: readonly string[], points: number) => void;
}

/** A population before anything is read: what there may be at most. */
export function assumed(count: number): Population {
  return { count, below: (_, size) => assumed(Math.min(BEYOND, count * size)) };
}

/** Points of an operation whose answer, from its root on, is `root`. */
export function pointsOf(tree: Tree, root: Population, pricing: Pricing): number {
  const sum: Sum = { objects: 0, work: 0 };
  for (const part of tree.parts)
    add(sum, part, { root, repeats: root.count, page: null }, { pricing, path: [], connection: null });
  return saturated(sum.objects + sum.work);
}

/** Of the types an object may have it has one, so their objects are not added; what the database does for each of them is. */
interface Sum {
  objects: number;
  work: number;
}

/** Where a field is asked for. */
interface Place {
  root: Population;
  /** How often one and the same record may be among them. */
  repeats: number;
  /** Of which connection they are rows or figures. */
  page: Page | null;
}

interface Page {
  size: number;
  /** Rows of all its lists together. */
  rows: number;
  /** Points a filter costs for each row. */
  filter: number;
}

interface Walk {
  pricing: Pricing;
  path: readonly string[];
  connection: { part: Part; path: readonly string[] } | null;
}

function add(sum: Sum, part: Part, { root, repeats, page }: Place, walk: Walk): void {
  const { source, key } = part;
  const here = { ...walk, path: walk.pricing.tell ? [...walk.path, key] : walk.path };
  if (root.count === 0) return;
  const rows = source.list ? rowsBelow(part, root.count, repeats) : (page?.rows ?? 0);
  const filter = source.list
    ? filterPrice(walk.pricing.graph, source.list.entity, part.filter.in(walk.pricing.variables))
    : (page?.filter ?? 0);
  const found = root.below(key, sizeOf(part, page, walk.pricing));
  const inside = source.shape === 'page' ? { ...here, connection: { part, path: here.path } } : here;
  const work = workOf(part, root.count, rows, filter, walk.pricing);
  const objects = found.count * source.object;
  tell(inside, objects + work);
  sum.objects = saturated(sum.objects + objects);
  sum.work = saturated(sum.work + work);
  const below: Place = {
    root: found,
    repeats: source.isShared ? found.count : repeats,
    page: source.shape === 'page' ? { size: pageSize(part, walk.pricing), rows, filter } : null,
  };
  addBelow(sum, part, below, inside);
}

function addBelow(sum: Sum, part: Part, place: Place, walk: Walk): void {
  let most = 0;
  for (const type of part.below) {
    const each: Sum = { objects: 0, work: 0 };
    for (const field of type) add(each, field, place, walk);
    most = Math.max(most, each.objects);
    sum.work = saturated(sum.work + each.work);
  }
  sum.objects = saturated(sum.objects + most);
}

/** What the database does beside reading the records. */
function workOf({ source, orderBy, readsRows }: Part, count: number, rows: number, filter: number, pricing: Pricing): number {
  const readsAll = source.list !== null || source.row > 0;
  if (source.shape !== 'page')
    return saturated(source.once + count * source.each + (readsAll ? rows * (source.row + filter) : 0));
  if (!readsRows) return 0;
  const order = source.list ? orderPrice(pricing.graph, source.list.entity, orderBy.in(pricing.variables)) : 0;
  const sorted = order > 0 ? Math.min(rows, count * MOST_SORTED) : 0;
  return saturated(source.once + count * source.each + rows * filter + sorted * order);
}

/** Rows of all lists of a connection together: lists of records that differ share no row. */
function rowsBelow({ source: { list } }: Part, count: number, repeats: number): number {
  return list ? Math.min(BEYOND, count * list.longest, repeats * list.rows) : 0;
}

function sizeOf(part: Part, page: Page | null, pricing: Pricing): number {
  switch (part.source.shape) {
    case 'leaf':
      return 0;
    case 'list':
      return listSize(part, pricing);
    case 'rows':
      return page?.size ?? 0;
    case 'one':
    case 'page':
      return 1;
  }
}

/** A size that is refused reads nothing; until it is, it counts as the largest there is. */
export function pageSize(part: Part, { sizes, variables }: Pricing): number {
  const other = sizes?.get(part.node);
  if (other !== undefined) return other;
  const size = part.first.in(variables) ?? part.last.in(variables) ?? DEFAULT_SIZE;
  return typeof size === 'number' && size >= 0 && size < LARGEST_SIZE ? size : LARGEST_SIZE;
}

function listSize({ source, first }: Part, { variables }: Pricing): number {
  const size = first.in(variables);
  return typeof size === 'number' && size >= 0 && size < source.size ? size : source.size;
}

function tell({ pricing, connection }: Walk, points: number): void {
  if (connection) pricing.tell?.(connection.part, connection.path, points);
}

function saturated(points: number): number {
  return Math.min(BEYOND, points);
}
