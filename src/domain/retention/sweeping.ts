import { v7 as uuidv7 } from 'uuid';
import { change, type DueRow, type LockedRow, type WriteRequest, type Writer } from '../../db/index.js';
import { carryOut, inLedger, type PrivacyDoor } from '../gdpr/gdpr.js';
import type { RetentionRuleRow, RetentionRunRow } from './graph.js';
import { KINDS, reasonOf } from './kinds.js';

/** What a sweep is made with. */
export interface Sweep {
  /** Pulse itself, in the name of the job. */
  request: WriteRequest;
  door: Pick<PrivacyDoor, 'ledger' | 'receipts' | 'now'>;
  ruleId: string;
}

/** Rows that are looked at in one transaction. */
const AT_ONCE = 200;

type Note = Parameters<Parameters<typeof inLedger>[1]>[0];

/** The run of a rule that is going on, or a new one. @returns its id; null when there is nothing to do any more. */
export async function openRun({ request, ruleId }: Sweep): Promise<string | null> {
  const newId = uuidv7();
  let id: string | null = null;
  await change(request, newId, async (writer) => {
    await writer.alone(`retention rule ${ruleId}`);
    const where = { ...writer.tenant, ruleId, state: 'RUNNING' as const };
    const running = await writer.reads.retentionRun.findFirst({ where, select: { id: true } });
    id = running?.id ?? null;
    if (running) return;
    const rule = await writer.hold('retention_rules', ruleId, false);
    if (rule?.['state'] !== 'ACTIVE') return;
    await writer.insert('retention_runs', 'START', { id: newId, ruleId }, false);
    id = newId;
  });
  return id;
}

/**
 * Looks at the next rows of a run, in a transaction of its own: what goes and how far it got are committed together, behind the run's lock. So
 * whoever goes on, or is beside it, begins behind them.
 *
 * @returns whether there is more to do.
 */
export async function sweepSome({ request, door, ruleId }: Sweep, runId: string): Promise<boolean> {
  let goesOn = false;
  await inLedger(door, (note) =>
    change(request, runId, async (writer) => {
      const options = { action: 'SWEEP', check: () => undefined };
      const { row: run } = await writer.edit<RetentionRunRow>('retention_runs', runId, options, () => ({}));
      const rule = (await writer.hold('retention_rules', ruleId, false)) as (LockedRow & RetentionRuleRow) | null;
      goesOn = run.state === 'RUNNING';
      if (!goesOn) return;
      const table = rule?.state === 'ACTIVE' ? KINDS[rule.kind].tables[run.step] : undefined;
      if (!rule || table === undefined) {
        goesOn = false;
        return finish(writer, run, rule?.state === 'ACTIVE' ? 'DONE' : 'STOPPED', door.now());
      }
      // A ledger takes one erasure a transaction.
      const most = table === 'contacts' ? 1 : AT_ONCE;
      const due = await writer.due(rule, table, { behind: run.lastId, most });
      const free = due.filter(({ held }) => held === null).map(({ id }) => id);
      const gone =
        table === 'contacts'
          ? await eraseDue(writer, door, rule, free, note)
          : await removeDue(writer, { rule, run, table, ids: free });
      await writer.derive('retention_runs', [{ id: run.id, ...progress(run, due, gone, most) }]);
    }),
  );
  return goesOn;
}

async function eraseDue(
  writer: Writer,
  door: Sweep['door'],
  rule: RetentionRuleRow,
  ids: readonly string[],
  note: Note,
): Promise<string[]> {
  const erased: string[] = [];
  for (const id of ids) {
    const options = { action: 'ERASE', evenDeleted: true, evenRestricted: true, exclusive: true, check: () => undefined };
    await writer.edit('contacts', id, options, () => ({}));
    // Behind the lock: whatever was noted, agreed to or held meanwhile is seen now, and nothing can be added.
    const [still] = await writer.due(rule, 'contacts', { only: [id], most: 1 });
    if (still?.held !== null) continue;
    const erasure = { erasureId: uuidv7(), kind: 'CONTACT', recordId: id, reason: reasonOf(rule), requestedById: null } as const;
    await note(await carryOut(writer, door, erasure));
    erased.push(id);
  }
  return erased;
}

async function removeDue(
  writer: Writer,
  { rule, run, table, ids }: { rule: RetentionRuleRow; run: RetentionRunRow; table: string; ids: string[] },
): Promise<string[]> {
  if (ids.length === 0) return [];
  const because = {
    subject: { type: 'RetentionRun', id: run.id, version: run.version },
    reason: reasonOf(rule),
  };
  const gone = await writer.remove(rule.id, table, ids, because);
  await writer.people.forgetRequests(gone);
  return gone;
}

/** How far a run is behind some more rows: on the next table when there were no more of this one. */
function progress(
  { step, lastId, examined, removed, skipped, held }: RetentionRunRow,
  due: readonly DueRow[],
  gone: readonly string[],
  most: number,
): Partial<RetentionRunRow> {
  const isOver = due.length < most;
  const left = due.filter(({ id }) => !gone.includes(id));
  const counts = { ...(held as Record<string, number>) };
  for (const { held: reason } of left) counts[reason ?? 'CHANGED'] = (counts[reason ?? 'CHANGED'] ?? 0) + 1;
  return {
    step: isOver ? step + 1 : step,
    lastId: isOver ? null : (due.at(-1)?.id ?? lastId),
    examined: examined + due.length,
    removed: removed + gone.length,
    skipped: skipped + left.length,
    held: counts,
    error: null,
  };
}

/** The fact of a run tells what it came to, so it counts from 0. */
async function finish(writer: Writer, run: RetentionRunRow, state: 'DONE' | 'STOPPED', now: number): Promise<void> {
  const { examined, removed, skipped } = run;
  const begun = { ...run, examined: 0, removed: 0, skipped: 0, deletedAt: null };
  const ended = { state, finishedAt: new Date(now).toISOString(), examined, removed, skipped, error: null };
  await writer.apply('retention_runs', begun, 'FINISH', ended);
}
