import type { AggregateArgs, AggregateRow, GroupsAhead } from './engine/aggregate.js';
import type { Window } from './engine/window.js';
import type { CursorSeal } from './engine/cursor.js';
import type { MoneyTotalRow } from './engine/totals.js';
import type { PageRow } from './engine/page.js';
import type { AnswerText, TextPage } from './engine/text-page.js';

/** At once when it was brought along, later when it has to be read. */
export type Soon<Value> = Value | Promise<Value>;

/** A page's rows, in list order, and whether more lie on either side. */
export interface Page<R> {
  rows: R[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** A Relay connection whose parts are read when they are asked for: rows only for rows, counts only for counts. */
export interface Connection<R> {
  edges: () => Soon<Edge<R>[]>;
  nodes: () => Soon<R[] | AnswerText>;
  pageInfo: () => Soon<PageInfo>;
  totalCount: () => Promise<number>;
  totals: () => Promise<MoneyTotalRow[]>;
  /** @throws DomainError INVALID_INPUT for too many keys or groups. */
  aggregates: (args: AggregateArgs) => Promise<AggregateRow[]>;
  /** The same for who knows what is read of them; null: anything. */
  groups: (args: AggregateArgs, ahead: GroupsAhead | null) => Promise<AggregateRow[]>;
}

export interface Edge<R> {
  cursor: () => string;
  node: R;
}

export interface PageInfo {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: () => string | null;
  endCursor: () => string | null;
}

/** What a connection reads from, each at most once. */
export interface Sources<R> {
  page: () => Soon<Page<R> | TextPage>;
  count: () => Promise<number>;
  totals: () => Promise<MoneyTotalRow[]>;
  groups: Connection<R>['groups'];
}

/** @see Connection */
export function connection<R extends { id: string }>(window: Window, seal: CursorSeal, sources: Sources<R>): Connection<R> {
  const cursorOf = (row: R): string => {
    const values = row as Record<string, unknown>;
    return seal.seal(
      window.keys.map((key) => values[key.name] as string | null),
      window.bound,
    );
  };
  return {
    edges: () => when(sources.page(), (page) => rowsOf(page).map((node) => ({ node, cursor: () => cursorOf(node) }))),
    nodes: () => when(sources.page(), (page) => ('text' in page ? page.text : page.rows)),
    pageInfo: () =>
      when(sources.page(), (page) => {
        const { hasNextPage, hasPreviousPage } = page;
        const ends = 'text' in page ? (page.ends as R[]) : page.rows;
        const cursorAt = (row: R | undefined): string | null => (row ? cursorOf(row) : null);
        return { hasNextPage, hasPreviousPage, startCursor: () => cursorAt(ends[0]), endCursor: () => cursorAt(ends.at(-1)) };
      }),
    totalCount: sources.count,
    totals: sources.totals,
    // Called as a resolver, whose second argument is another one.
    aggregates: (args) => sources.groups(args, null),
    groups: sources.groups,
  };
}

function rowsOf<R>(page: Page<R> | TextPage): R[] {
  if ('text' in page) throw new Error('The edges of a page that was read as text: its shape says that nobody asks for them.');
  return page.rows;
}

function when<Value, Result>(value: Soon<Value>, then: (value: Value) => Result): Soon<Result> {
  return value instanceof Promise ? value.then(then) : then(value);
}

/** What lies around a page: rows before where it starts, and behind where it had to end. */
export type Neighbours = Pick<PageRow, '$preceding' | '$following'>;

/** The page of one parent from the rows its statement answered; without rows that is one whose id is null. */
export function pageFrom<R>(answered: readonly PageRow[], window: Window): Page<R> {
  const [first] = answered;
  const rows = first?.['id'] === null ? [] : answered;
  return pageOf(rows as R[], window, { $preceding: Boolean(first?.$preceding), $following: Boolean(first?.$following) });
}

/** A page of rows in the order of reading, of which there is one too many when more follow. */
export function pageOf<R>(rows: R[], { size, backward }: Window, { $preceding, $following }: Neighbours): Page<R> {
  const more = rows.length > size || $following;
  const shown = rows.length > size ? rows.slice(0, size) : rows;
  return backward
    ? { rows: [...shown].reverse(), hasNextPage: $preceding, hasPreviousPage: more }
    : { rows: shown, hasNextPage: more, hasPreviousPage: $preceding };
}
