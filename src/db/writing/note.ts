import type { Caller } from '../../caller.js';
import type { Database, Transaction } from '../database.js';
import { entityOf } from '../graph.js';
import { writeFacts, type Origin } from './facts.js';
import { keptFor } from './kept.js';

/** Something that happened to a record and has no values to tell. */
export interface Happening {
  action: string;
  table: string;
  id: string;
  values?: { field: string; before: unknown; after: unknown }[];
}

/**
 * Writes facts of what no writer changes. Call it last in the transaction: the organization's head is locked from then until the commit.
 *
 * @param caller who did it; Pulse itself where that is not known.
 */
export async function noteFacts(
  tx: Transaction,
  { scope }: Pick<Database, 'scope'>,
  { caller, origin }: { caller: Caller; origin: Origin },
  happenings: readonly Happening[],
): Promise<void> {
  if (happenings.length === 0) return;
  const facts = happenings.map(({ action, table, id, values = [] }) => ({
    ...{ action, id, values, entity: entityOf(scope.graph, table) },
    // It makes no version of anything.
    version: 0,
    after: {},
  }));
  await writeFacts({ tx, caller, origin, kept: keptFor(caller, scope), graph: scope.graph }, facts);
}
