import type { AnyRow } from '../reader.js';
import { canonical } from '../../lib/canonical.js';
import type { Page } from '../connection.js';
import type { Entity } from '../graph.js';
import type { Shape } from './shape.js';
import type { PageArgs, PlacedWindow } from './window.js';

/** What an operation goes on to read of a row: the page engine brings it along in the statement that reads the row. */
export interface Ahead {
  /** Fields of the row that are looked at; null: all, because something computes from them. */
  fields: readonly string[] | null;
  relations: readonly AheadRelation[];
  /** Whether cursors are made of the rows, so that the keys of their order are read too. */
  hasCursors: boolean;
  /** What the rows look like in the answer, where nobody needs to look at them; null: somebody does. */
  shape?: Shape | null;
  /** Whether the operation reads nothing else, where nobody needs to look at the rows. */
  isAll?: boolean;
  /** Equal for what reads the same, so that its statement is compiled once. */
  name: string;
}

/** What an operation reads of hits: records of several tables, each found together with how it was found. */
export interface HitsAhead {
  /** By table. */
  records: ReadonlyMap<string, Ahead>;
  /** Whether the operation asks for a field of the hits themselves. */
  asksFor: (field: string) => boolean;
  /** Whether it reads nothing else, and nobody needs to look at the records. */
  isAll: boolean;
}

/** A relation that is followed. */
export interface AheadRelation {
  name: string;
  /** What it leads to. */
  target: Entity;
  /** Of a list. The same object as the field's resolver gets: that is how the resolver's call finds what was brought. */
  args: PageArgs;
  below: Ahead;
}

/** @see Ahead */
export function aheadOf(fields: readonly string[] | null, relations: readonly AheadRelation[], hasCursors = false): Ahead {
  const names = relations.map(({ name, args, below }) => `${name} ${canonical(args)} ${below.name}`);
  const name = `${fields?.join(' ') ?? '*'}${hasCursors ? ' ^' : ''} {${names.join(', ')}}`;
  return { fields, relations, hasCursors, name };
}

/** What was brought along with a row, beside its fields. */
export interface Along {
  name: string;
  args: PageArgs;
  /** A record or null. */
  record?: AnyRow | null;
  /** A page, and the list it is of. */
  list?: { window: PlacedWindow; page: Page<AnyRow> };
}

const ALONG = Symbol('what was brought along');

type Bearing = Record<string | symbol, unknown> & { [ALONG]?: Along[] };

/** What was brought along with a row for a relation; undefined: nothing, so it has to be read. */
export function broughtAlong(row: object, name: string, args?: PageArgs): Along | undefined {
  for (const item of (row as Bearing)[ALONG] ?? [])
    if (item.name === name && (item.list ? item.args === args : true)) return item;
  return undefined;
}

/** Notes what was brought along with a row. */
export function bearAlong(row: object, along: Along[]): void {
  (row as Bearing)[ALONG] = along;
}
