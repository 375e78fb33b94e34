import { sql } from 'kysely';
import { all, column, compile, givenAt, type Statement } from '../engine/sql.js';
import { visibleCondition, type Scope } from '../engine/scope.js';
import { entityOf, type Entity } from '../graph.js';
import { isUuid } from '../../lib/uuid.js';
import { entityToRead, run, type Desk } from './locks.js';
import { table, tenantOf, textList } from './statements.js';

/** A record by which another one is found: the stage of a pipeline. */
export interface Belonging {
  table: string;
  /** Its field with the other one's id. */
  key: string;
  id: string;
}

/** One end of the records that belong to another one, as cards do to a column. */
export interface ColumnEnd {
  /** Their field with its id. */
  key: string;
  id: string;
  end: 'first' | 'last';
  /** The record that does not count. */
  but: string;
}

/** What rooms put records into columns through. */
export interface ColumnWriter {
  /**
   * Holds the visible record that another one belongs to, until the commit.
   *
   * @param fields what is read of it.
   * @param named false when not the client but a default leads to it: then an API key needs no scope for it.
   */
  holdOwner(table: string, of: Belonging, fields: readonly string[], named?: boolean): Promise<Record<string, unknown> | null>;
  /** The sort key at an end of a column, deleted records apart; null of an empty one. */
  endOf(table: string, end: ColumnEnd): Promise<string | null>;
}

/** @see ColumnWriter */
export function columnWriter(desk: Desk): ColumnWriter {
  const { tx, graph, kept } = desk;
  return {
    holdOwner: async (owners, of, fields, named = true) => {
      const entity = named ? entityToRead(desk, owners) : entityOf(graph, owners);
      if (!isUuid(of.id)) return null;
      const statement = kept(`hold ${fields.join(' ')} of ${owners} of ${of.table} ${of.key}`, [of.id], (scope) =>
        holdOwnerStatement(entity, scope, fields, { other: entityOf(graph, of.table), key: of.key }),
      );
      const [row] = await run<Record<string, unknown>>(tx, statement);
      return row ?? null;
    },
    endOf: async (cards, end) => {
      const statement = kept(`${end.end} ${cards} of ${end.key}`, [end.id, end.but], (scope) =>
        endStatement(entityOf(graph, cards), scope, end),
      );
      const [found] = await run<{ position: string }>(tx, statement);
      return found?.position ?? null;
    },
  };
}

function holdOwnerStatement(
  entity: Entity,
  scope: Scope,
  fields: readonly string[],
  { other, key }: { other: Entity; key: string },
): Statement {
  const theirs = all([tenantOf(scope, 'o', other.tenant), sql`o.id = ${givenAt(0)}::uuid`]);
  const owner = sql`t.id = (select ${column('o', key)} from ${sql.id('public', other.table)} as o where ${theirs})`;
  const visible = visibleCondition(entity, 't', scope);
  const found = all([tenantOf(scope, 't', entity.tenant), owner, ...(visible ? [visible] : [])]);
  return compile(sql`select ${textList(entity, fields)} from ${table(entity)} where ${found} for key share of t`);
}

function endStatement(entity: Entity, scope: Scope, { key, end }: Pick<ColumnEnd, 'key' | 'end'>): Statement {
  const there = [tenantOf(scope, 't', entity.tenant), sql`${column('t', key)} = ${givenAt(0)}::uuid`, sql`t.deleted_at is null`];
  const others = all([...there, sql`t.id <> ${givenAt(1)}::uuid`]);
  const direction = end === 'first' ? sql`asc` : sql`desc`;
  return compile(sql`select t.position from ${table(entity)} where ${others} order by t.position ${direction} limit 1`);
}
