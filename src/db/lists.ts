import { canonical } from '../lib/canonical.js';
import { connection, pageFrom, type Connection, type Page } from './connection.js';
import { aggregateStatement, figuresOf, groupedBy, groupsFrom } from './engine/aggregate.js';
import { pageAhead } from './engine/ahead.js';
import { canBring, type Bringer } from './engine/bringing.js';
import type { Ahead } from './engine/along.js';
import { pageText, type TextPage } from './engine/text-page.js';
import { checkLength } from './engine/bounded.js';
import type { Parents } from './engine/list.js';
import { countStatement, pageStatement, type PageRow } from './engine/page.js';
import type { Scope } from './engine/scope.js';
import type { Statement } from './engine/sql.js';
import { totalsStatement, type MoneyTotalRow } from './engine/totals.js';
import { windowOf, type PageArgs, type Window } from './engine/window.js';
import type { Entity, OrderTerm } from './graph.js';
import type { Loaders } from './loaders.js';
import type { Prepare } from './prepared.js';
import type { AnyRow } from './reader.js';

/** What lists of one request share. */
export interface Common {
  by: Bringer;
  prepare: Prepare;
  loaders: Loaders;
}

export interface ListSource extends Common {
  entity: Entity;
  key: string | null;
  parentId: string;
  name: string;
  ahead: Ahead | null;
}

/** A list that arguments ask for. @throws DomainError INVALID_INPUT for bad ones. */
export function listOf(source: ListSource, args: PageArgs, fallback: OrderTerm): Connection<AnyRow> {
  const { entity, by } = source;
  const kept = keptFor(source, args);
  const window = kept.prepare(`window ${listName(kept, args)}`, () => windowOf(entity, args, fallback, by.scope, by.seal));
  return connectionOf(kept, args, window);
}

/** A page in the middle of a list is asked for once: its statement is not kept. */
function keptFor(source: ListSource, { after, before }: PageArgs): ListSource {
  const isFirst = (after ?? null) === null && (before ?? null) === null;
  return isFirst ? source : { ...source, prepare: unkept };
}

/** A list by its place and arguments. */
function listName({ name }: ListSource, args: PageArgs): string {
  const known = names.get(args) ?? canonical(args);
  names.set(args, known);
  return `${name} ${known}`;
}

/** Nobody changes arguments once they are coerced, and every row's list of one relation has the same ones. */
const names = new WeakMap<PageArgs, string>();

/** A list whose arguments were read before. @param known the page, when it was brought along. */
export function connectionOf(source: ListSource, args: PageArgs, window: Window, known?: Page<AnyRow>): Connection<AnyRow> {
  const { entity, by, loaders, prepare, key, parentId } = source;
  type Compile = (entity: Entity, window: Window, scope: Scope, parents: Parents | null) => Statement;
  const ask =
    <Value>(about: string, compile: Compile, valueOf: (rows: PageRow[]) => Value) =>
    (): Promise<Value> => {
      const what = `${about} ${listName(source, args)}`;
      const statement = (parents: Parents | null): Statement => prepare(what, () => compile(entity, window, by.scope, parents));
      return loaders.ofParent({ what, key, statement, valueOf }, parentId);
    };
  return connection<AnyRow>(window, by.seal, {
    page: () => known ?? readPage(source, window, listName(source, args)),
    count: ask('count', countStatement, ([row]) => Number(row?.['count'] ?? 0)),
    totals: ask('totals', totalsStatement, ([row]) => (row?.['totals'] ?? []) as MoneyTotalRow[]),
    groups: async (wanted, ahead) => {
      const grouped = groupedBy(entity, wanted);
      const figures = figuresOf(ahead?.looksAt);
      const compile: Compile = (...of) => ({ ...aggregateStatement({ grouped, figures }, ...of), isLast: ahead?.isAll ?? false });
      const about = `aggregates ${canonical([wanted, figures])}${ahead?.isAll ? ' alone' : ''}`;
      return groupsFrom(grouped, await ask(about, compile, (rows) => rows)());
    },
  });
}

/** A page as PostgreSQL writes it, where nobody needs to look at its rows, and otherwise its rows. */
async function readPage(source: ListSource, window: Window, list: string): Promise<Page<AnyRow> | TextPage> {
  const { entity, by, loaders, prepare, key, parentId, ahead } = source;
  if (!ahead?.shape) return readRows(source, window, list);
  const { shape } = ahead;
  const what = `text ${list} ${shape.name}${ahead.hasCursors ? ' ^' : ''}`;
  const made = prepare(what, () => pageText(by, entity, window, ahead, shape, key));
  if (!made) return readRows(source, window, list);
  const statement = (): Statement => ({ ...made.statement, isLast: ahead.isAll ?? false });
  const valueOf = ([row]: PageRow[]): TextPage | null => made.pageOf(row);
  const page = await loaders.ofParent({ what, which: ahead, key, statement, valueOf }, parentId);
  return page ?? readRows(source, window, list);
}

/** A page with what is read ahead of its rows; two fields with the same arguments may read different things. */
function readRows(source: ListSource, window: Window, list: string): Promise<Page<AnyRow>> {
  const { entity, by, loaders, prepare, key, parentId, ahead } = source;
  const what = `page ${list}`;
  if (ahead && canBring(entity, window)) {
    const made = prepare(`${what} ${ahead.name}`, () => pageAhead(by, entity, window, ahead, key));
    const valueOf = ([row]: PageRow[]): Page<AnyRow> => made.pageOf(row, ahead);
    return loaders.ofParent({ what, which: ahead, key, statement: () => made.statement, valueOf }, parentId);
  }
  const statement = (parents: Parents | null): Statement => prepare(what, () => pageStatement(entity, window, by.scope, parents));
  const valueOf = (rows: PageRow[]): Page<AnyRow> => {
    checkLength(entity, window, rows);
    return pageFrom<AnyRow>(rows, window);
  };
  return loaders.ofParent({ what, key, statement, valueOf }, parentId);
}

/** For what is compiled with one organization's custom fields, and for what is asked once. */
export const unkept: Prepare = (_, make) => make();
