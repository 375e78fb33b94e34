import { canonical } from '../../lib/canonical.js';
import type { Entity } from '../graph.js';
import { run, type Desk, type LockedRow } from './locks.js';
import { deriveStatement, lockAllStatement, normalized, type Changes } from './statements.js';

/** Applies changes to many records, in one statement; a fact each. @param step by how much their versions grow. */
export async function editAll(
  desk: Desk,
  entity: Entity,
  ids: string[],
  { action, step }: { action: string; step: number },
  changesOf: (row: LockedRow) => Changes,
): Promise<void> {
  if (ids.length === 0) return;
  const rows = await run<LockedRow>(desk.tx, lockAllStatement(entity, desk.scope, ids));
  const changed = rows
    .map((row) => ({ row, changes: normalized(entity, changesOf(row)) }))
    .filter(({ row, changes }) => Object.entries(changes).some(([field, value]) => canonical(value) !== canonical(row[field])));
  if (changed.length === 0) return;
  await run(
    desk.tx,
    deriveStatement(
      entity,
      desk.scope,
      changed.map(({ row, changes }) => ({ id: row.id, ...changes })),
    ),
  );
  for (const { row, changes } of changed) {
    const values = Object.entries(changes).map(([field, after]) => ({ field, before: row[field] ?? null, after: after ?? null }));
    desk.facts.push({ action, entity, id: row.id, version: row.version + step, values, after: { ...row, ...changes } });
  }
}
