import { createHash } from 'node:crypto';
import { invalid } from '../../errors.js';
import { canonical } from '../../lib/canonical.js';
import type { Entity, OrderTerm } from '../graph.js';
import type { CursorSeal } from './cursor.js';
import type { FilterInput } from './filter.js';
import { sortKeys, type OrderInput, type SortKey } from './keys.js';
import { orderSignature, type KeyValues, type Position } from './order.js';
import type { Deleted, Scope } from './scope.js';
import { givenAt } from './sql.js';

/** Arguments of a connection field, as GraphQL coerced them. */
export interface PageArgs {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
  filter?: FilterInput | null;
  orderBy?: readonly OrderInput[] | null;
  includeDeleted?: Deleted | null;
}

/** What those arguments ask for. */
export interface Window {
  keys: readonly SortKey[];
  size: number;
  /** Read from the end (`last`). */
  backward: boolean;
  after: Position | null;
  before: Position | null;
  filter: FilterInput;
  deleted: Deleted;
  /** What the page's cursors are bound to, beside the organization (`sealOf`). */
  bound: string;
}

/** A window at a place that is known. */
export interface PlacedWindow extends Window {
  after: KeyValues | null;
  before: KeyValues | null;
}

const DEFAULT_SIZE = 25;
const LARGEST_SIZE = 100;

/**
 * Checks the arguments of a connection and opens its cursors.
 *
 * @throws DomainError INVALID_INPUT for a size out of 1 to 100, both sizes at once, or a cursor that is not of this list.
 */
export function windowOf(entity: Entity, args: PageArgs, fallback: OrderTerm, scope: Scope, seal: CursorSeal): PlacedWindow {
  const keys = sortKeys(entity, args.orderBy ?? [], fallback, scope);
  const filter = args.filter ?? {};
  const deleted = args.includeDeleted ?? undefined;
  const bound = [entity.table, orderSignature(keys), digest(filter), deleted ?? ''].join('|');
  return { keys, ...placeOf(args, bound, seal), filter, deleted, bound };
}

/** The same list at the place that other arguments ask for. @throws DomainError INVALID_INPUT for a cursor that is not of this list. */
export function windowAt(window: Window, { after, before }: Pick<PageArgs, 'after' | 'before'>, seal: CursorSeal): PlacedWindow {
  const { bound } = window;
  return { ...window, after: position(after, 'after', bound, seal), before: position(before, 'before', bound, seal) };
}

/**
 * A window whose places come with each request, what comes, and in which form: windows of the same list and the same form have the same statements.
 */
export function openWindow(window: PlacedWindow): { window: Window; given: readonly string[]; form: string } {
  const given: string[] = [];
  const opened = (at: KeyValues | null): Position | null =>
    at?.map((value) => (value === null ? null : givenAt(given.push(String(value)) - 1))) ?? null;
  const formOf = (at: Position | null): string => at?.map((value) => (value === null ? 'null' : 'value')).join(' ') ?? '';
  const after = opened(window.after);
  const before = opened(window.before);
  return { window: { ...window, after, before }, given, form: `(${formOf(after)}) (${formOf(before)})` };
}

/** What a page asks for of a list that a room pages itself. */
export interface Place {
  size: number;
  backward: boolean;
  after: KeyValues | null;
  before: KeyValues | null;
}

/** @throws DomainError INVALID_INPUT as windowOf. @param bound what the list's cursors are bound to. */
export function placeOf(args: PageArgs, bound: string, seal: CursorSeal): Place {
  return {
    ...sizeOf(args),
    after: position(args.after, 'after', bound, seal),
    before: position(args.before, 'before', bound, seal),
  };
}

function sizeOf({ first, last }: PageArgs): { size: number; backward: boolean } {
  const hasFirst = first !== null && first !== undefined;
  const hasLast = last !== null && last !== undefined;
  if (hasFirst && hasLast) throw invalid(['last'], 'Give either `first` or `last`, not both.', 'CONFLICTING');
  const name = hasLast ? 'last' : 'first';
  const size = first ?? last ?? DEFAULT_SIZE;
  if (size < 1 || size > LARGEST_SIZE) {
    throw invalid([name], `\`${name}\` must be between 1 and ${LARGEST_SIZE}; it is ${size}.`, 'OUT_OF_RANGE');
  }
  return { size, backward: hasLast };
}

function position(cursor: string | null | undefined, name: string, bound: string, seal: CursorSeal): KeyValues | null {
  if (cursor === null || cursor === undefined) return null;
  const values = seal.open(cursor, bound);
  if (!values) {
    const message = `\`${name}\` is not a cursor of this list with this order and filter, or is older than 30 days. Start again without it.`;
    throw invalid([name], message, 'BAD_CURSOR');
  }
  return values;
}

function digest(filter: FilterInput): string {
  return createHash('sha256').update(canonical(filter)).digest('base64url').slice(0, 22);
}
