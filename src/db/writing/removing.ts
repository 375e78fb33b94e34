import type { Erasure } from './erasures.js';
import { run, type Desk } from './locks.js';

/** A row that is over by a retention rule. */
export interface DueRow {
  id: string;
  /** Why it is kept all the same; null when nothing keeps it. */
  held: string | null;
}

/** What rows are removed for good through, by rules of retention and by nothing else (the schema `retention` in prisma/access.sql). */
export interface RemovingWriter {
  /** Rows of `table` that are over by a rule, in the order of their ids: those behind one, or only some. */
  due(
    rule: { kind: string; span: number },
    table: string,
    which: { behind?: string | null; only?: readonly string[]; most: number },
  ): Promise<DueRow[]>;
  /**
   * Removes those of some rows that a rule reaches and nothing holds back: looked at again behind their locks. Records leave a fact REMOVE each, and
   * their facts tell no values any more, which has a fact of its own (`because`).
   *
   * @returns the ids of what went.
   * @throws for a rule that is not active.
   */
  remove(ruleId: string, table: string, ids: readonly string[], because: Pick<Erasure, 'subject' | 'reason'>): Promise<string[]>;
}

/** @see RemovingWriter */
export function removingWriter({ tx, graph, facts, erasures }: Desk): RemovingWriter {
  return {
    due: ({ kind, span }, table, { behind = null, only = null, most }) => {
      const text = 'select d.id, d.held from retention.due($1, $2::int, $3, $4::uuid, $5::uuid[], $6::int) as d';
      return run<DueRow>(tx, { text, values: [kind, span, table, behind, only, most] });
    },
    remove: async (ruleId, table, ids, because) => {
      const text = 'select r.id, r.version from retention.remove($1::uuid, $2, $3::uuid[]) as r order by r.id';
      const gone = await run<{ id: string; version: number }>(tx, { text, values: [ruleId, table, ids] });
      const entity = graph.get(table);
      if (entity && gone.length > 0) {
        for (const { id, version } of gone) facts.push({ action: 'REMOVE', entity, id, version, values: [], after: {} });
        erasures.push({ ...because, records: gone.map(({ id }) => ({ type: entity.type, id })) });
      }
      return gone.map(({ id }) => id);
    },
  };
}
