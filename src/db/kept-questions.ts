import { sql } from 'kysely';
import type { Ahead } from './engine/along.js';
import { bringOne, type Bringer } from './engine/bringing.js';
import { unplanned } from './engine/scope.js';
import { compile, OPENINGS, type Sql, type Statement } from './engine/sql.js';
import { entityOf } from './graph.js';
import type { Prepare } from './prepared.js';
import type { AnyRow } from './reader.js';
import { sightOf, type Sight } from './sight.js';

/** A statement that a read-only room writes itself; what it looks like follows from its name alone, and from what is read of records. */
export interface KeptQuestion {
  name: string;
  /** What is asked: `given` in the statement, a text[]. */
  values: readonly (string | null)[];
  /** What is read of the records, by table; and that the operation reads nothing else. */
  records: ReadonlyMap<string, Ahead>;
  isAll: boolean;
  /** @param record a record of a table by its id, as JSON for `KeptAnswer.recordOf`; null for one that the caller does not see. */
  write: (sight: Sight, given: Sql, record: (table: string, id: Sql) => Sql) => Sql;
}

export interface KeptAnswer<Answer> {
  rows: Answer[];
  recordOf: (table: string, json: unknown) => AnyRow | null;
}

/** Asks such questions (`Reader.askKept`). @param send sends a statement with what is given. */
export function keptAsker(
  by: Bringer,
  prepare: Prepare,
  send: <Row>(statement: Statement, given: KeptQuestion['values']) => Promise<Row[]>,
): <Answer>(question: KeptQuestion) => Promise<KeptAnswer<Answer>> {
  const asking = { ...by, scope: unplanned(by.scope) };
  return async (question) => {
    const { statement, recordOf } = keptStatement(asking, prepare, question);
    return { rows: await send({ ...statement, isLast: question.isAll }, question.values), recordOf };
  };
}

function keptStatement(
  by: Bringer,
  prepare: Prepare,
  { name, records, write }: KeptQuestion,
): { statement: Statement; recordOf: KeptAnswer<never>['recordOf'] } {
  const reads = [...records].map(([table, ahead]) => `${table} ${ahead.name}`);
  const { statement, rowsOf } = prepare([name, ...reads].join(' '), () => {
    const found = new Map<string, (json: unknown, ahead: Ahead) => AnyRow | null>();
    const record = (table: string, id: Sql): Sql => {
      const { value, rowOf } = bringOne(by, entityOf(by.scope.graph, table), aheadIn(records, table), {
        id,
        deleted: undefined,
        depth: 0,
      });
      found.set(table, rowOf);
      return value;
    };
    return { statement: compile(write(sightOf(by.scope), sql`${OPENINGS.given}::text[]`, record)), rowsOf: found };
  });
  return { statement, recordOf: (table, json) => rowsOf.get(table)?.(json, aheadIn(records, table)) ?? null };
}

function aheadIn(records: KeptQuestion['records'], table: string): Ahead {
  const ahead = records.get(table);
  if (!ahead) throw new Error(`Nobody said what is read of ${table}.`);
  return ahead;
}
