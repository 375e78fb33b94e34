import { canonical } from '../../lib/canonical.js';
import type { Entity } from '../graph.js';
import { restrictedAmong, run, type Desk, type LockedRow } from './locks.js';
import { setStatement, lockAllStatement, normalized, type Changes } from './statements.js';

/**
 * Applies changes to many records, in one statement; a fact each.
 *
 * @param step by how much their versions grow.
 * @returns the ids of those that were left as they are, because the person's data was set aside.
 */
export async function editAll(
  desk: Desk,
  entity: Entity,
  ids: string[],
  { action, step, evenRestricted }: { action: string; step: number; evenRestricted: boolean },
  changesOf: (row: LockedRow) => Changes,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await run<LockedRow>(desk.tx, lockAllStatement(entity, desk.scope, ids));
  const left = evenRestricted ? new Set<string>() : await restrictedAmong(desk, entity, rows);
  const changed = rows
    .filter(({ id }) => !left.has(id))
    .map((row) => ({ row, changes: normalized(entity, changesOf(row)) }))
    .filter(({ row, changes }) => Object.entries(changes).some(([field, value]) => canonical(value) !== canonical(row[field])));
  if (changed.length === 0) return left;
  await run(
    desk.tx,
    setStatement(
      desk.kept,
      entity,
      changed.map(({ row, changes }) => ({ id: row.id, ...changes })),
    ),
  );
  for (const { row, changes } of changed) {
    const values = Object.entries(changes).map(([field, after]) => ({ field, before: row[field] ?? null, after: after ?? null }));
    desk.facts.push({ action, entity, id: row.id, version: row.version + step, values, after: { ...row, ...changes } });
  }
  return left;
}
