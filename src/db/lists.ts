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
import { openWindow, windowAt, windowOf, type PageArgs, type PlacedWindow, type Window } from './engine/window.js';
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
  const { entity, by, prepare } = source;
  const { after, before, ...list } = args;
  const whole = prepare(`window ${nameOf(source, args).list}`, () => windowOf(entity, list, fallback, by.scope, by.seal));
  return connectionOf(source, args, windowAt(whole, { after, before }, by.seal));
}

/** A list by its place and arguments; the page asked for, too, and without the cursors. */
function nameOf({ name }: ListSource, args: PageArgs): { page: string; list: string } {
  const known = names.get(args) ?? namesOf(args);
  names.set(args, known);
  return { page: `${name} ${known.page}`, list: `${name} ${known.list}` };
}

function namesOf({ after, before, ...list }: PageArgs): { page: string; list: string } {
  const name = canonical(list);
  return { list: name, page: after || before ? `${name} ${canonical([after, before])}` : name };
}

/** Nobody changes arguments once they are coerced, and every row's list of one relation has the same ones. */
const names = new WeakMap<PageArgs, { page: string; list: string }>();

/** A list whose arguments were read before. @param known the page, when it was brought along. */
export function connectionOf(source: ListSource, args: PageArgs, window: PlacedWindow, known?: Page<AnyRow>): Connection<AnyRow> {
  const { entity, by, loaders, prepare, key, parentId } = source;
  type Compile = (entity: Entity, window: Window, scope: Scope, parents: Parents | null) => Statement;
  const ask =
    <Value>(about: string, compile: Compile, valueOf: (rows: PageRow[]) => Value) =>
    (): Promise<Value> => {
      const what = `${about} ${nameOf(source, args).list}`;
      const statement = (parents: Parents | null): Statement => prepare(what, () => compile(entity, window, by.scope, parents));
      return loaders.ofParent({ what, key, statement, valueOf }, parentId);
    };
  return connection<AnyRow>(window, by.seal, {
    page: () => known ?? readPage(source, askedPage(source, args, window)),
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

/** A page that is asked for. */
interface AskedPage {
  /** Its places are openings, for `given`. */
  window: Window;
  given: readonly string[];
  /** Equal for equal pages of equal lists. */
  name: string;
  /** Equal for pages of the same statement, wherever in the list they are. */
  form: string;
}

function askedPage(source: ListSource, args: PageArgs, window: PlacedWindow): AskedPage {
  const { page, list } = nameOf(source, args);
  const { form, ...opened } = openWindow(window);
  return { ...opened, name: page, form: `${list} ${form}` };
}

/** A page as PostgreSQL writes it, where nobody needs to look at its rows, and otherwise its rows. */
async function readPage(source: ListSource, asked: AskedPage): Promise<Page<AnyRow> | TextPage> {
  const { entity, by, loaders, prepare, key, parentId, ahead } = source;
  const { window, given, name, form } = asked;
  if (!ahead?.shape) return readRows(source, asked);
  const { shape } = ahead;
  const how = `${shape.name}${ahead.hasCursors ? ' ^' : ''}`;
  const made = prepare(`text ${form} ${how}`, () => pageText(by, entity, window, ahead, shape, key));
  if (!made) return readRows(source, asked);
  const statement = (): Statement => ({ ...made.statement, isLast: ahead.isAll ?? false });
  const valueOf = ([row]: PageRow[]): TextPage | null => made.pageOf(row);
  const page = await loaders.ofParent({ what: `text ${name} ${how}`, which: ahead, key, given, statement, valueOf }, parentId);
  return page ?? readRows(source, asked);
}

/** A page with what is read ahead of its rows; two fields with the same arguments may read different things. */
function readRows(source: ListSource, { window, given, name, form }: AskedPage): Promise<Page<AnyRow>> {
  const { entity, by, loaders, prepare, key, parentId, ahead } = source;
  const what = `page ${name}`;
  if (ahead && canBring(entity, window)) {
    const made = prepare(`page ${form} ${ahead.name}`, () => pageAhead(by, entity, window, ahead, key));
    const valueOf = ([row]: PageRow[]): Page<AnyRow> => made.pageOf(row, ahead);
    return loaders.ofParent({ what, which: ahead, key, given, statement: () => made.statement, valueOf }, parentId);
  }
  const statement = (parents: Parents | null): Statement =>
    prepare(`page ${form}`, () => pageStatement(entity, window, by.scope, parents));
  const valueOf = (rows: PageRow[]): Page<AnyRow> => {
    checkLength(entity, window, rows);
    return pageFrom<AnyRow>(rows, window);
  };
  return loaders.ofParent({ what, key, given, statement, valueOf }, parentId);
}

/** For what is compiled with one organization's custom fields. */
export const unkept: Prepare = (_, make) => make();
