import { v5 as uuidv5 } from 'uuid';
import { change, type Reader, type WriteRequest, type Writer } from '../../db/index.js';
import { conflict, invalid } from '../../errors.js';
import type { SetRetentionRuleInput } from '../../generated/graphql.js';
import type { RetentionRuleRow, RetentionRunRow } from './graph.js';
import { KINDS } from './kinds.js';
import { retentionPreview } from './preview.js';
import { checkCanManageRetention } from './rules.js';

const SHOWN_RUNS = 20;
/** What a rule is beside its span while nothing is removed by it. */
const INACTIVE = { activatedAt: null, activatedById: null };

/** Sets how long things of a kind are kept; nothing is removed by it yet. @returns its id, which follows from the kind. */
export async function setRetentionRule(
  request: WriteRequest,
  { kind, span }: SetRetentionRuleInput,
  expectedVersion?: number | null,
): Promise<string> {
  const id = uuidv5(`retention rule ${kind}`, request.caller.orgId);
  const { least, most, unit } = KINDS[kind];
  if (span < least || span > most)
    throw invalid(['input', 'span'], `This is kept for ${least} to ${most} ${unit}.`, 'OUT_OF_RANGE');
  return change(request, id, async (writer) => {
    checkCanManageRetention(writer.caller);
    await writer.alone('retention rules');
    if (!(await writer.hold('retention_rules', id)))
      return writer.insert('retention_rules', 'CREATE', { id, kind, span, state: 'DRY_RUN' }, true);
    await editRule(writer, id, 'UPDATE', expectedVersion, (rule) =>
      rule.span === span && rule.state !== 'OFF' ? {} : { span, state: 'DRY_RUN', ...INACTIVE },
    );
  });
}

/** Starts a rule, once somebody has seen what goes by it. */
export async function activateRetentionRule(
  request: WriteRequest,
  reader: Reader,
  { id, previewedCount, expectedVersion }: { id: string; previewedCount: number; expectedVersion: number },
  now: number,
): Promise<string> {
  const { wouldRemove } = await retentionPreview(reader, id);
  return change(request, id, async (writer) => {
    await editRule(writer, id, 'ACTIVATE', expectedVersion, (rule) => {
      if (rule.state === 'ACTIVE') return {};
      if (rule.state === 'OFF') throw invalid(['id'], 'This rule was removed. Set it again first (setRetentionRule).', 'OFF');
      checkWasSeen(previewedCount, wouldRemove);
      return { state: 'ACTIVE', activatedAt: new Date(now).toISOString(), activatedById: writer.caller.userId };
    });
    await writer.enqueue(sweepJob(id.toLowerCase()));
  });
}

/** Ends a rule. One that is off stays as it is. */
export function removeRetentionRule(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return change(request, id, (writer) => editRule(writer, id, 'REMOVE', expectedVersion, () => ({ state: 'OFF', ...INACTIVE })));
}

/** The organization's rules, oldest first. @throws DomainError FORBIDDEN. */
export async function listRetentionRules(reader: Reader): Promise<RetentionRuleRow[]> {
  checkCanManageRetention(reader.caller);
  return (await reader.embedded('retention_rules', 'orgId', reader.caller.orgId, 'createdAt')) as RetentionRuleRow[];
}

/** The last sweeps of a rule, newest first. */
export async function runsOf(reader: Reader, ruleId: string): Promise<RetentionRunRow[]> {
  const runs = (await reader.embedded('retention_runs', 'ruleId', ruleId, 'createdAt')) as RetentionRunRow[];
  return runs.slice(-SHOWN_RUNS).reverse();
}

/** The job that sweeps by a rule; jobs.plan_retention in prisma/access.sql makes the same one every day. */
export function sweepJob(ruleId: string): { task: string; payload: { ruleId: string }; key: string } {
  return { task: 'retention', payload: { ruleId }, key: ruleId };
}

async function editRule(
  writer: Writer,
  id: string,
  action: string,
  expectedVersion: number | null | undefined,
  changesOf: (rule: RetentionRuleRow) => object,
): Promise<void> {
  const check = (): void => checkCanManageRetention(writer.caller);
  check();
  await writer.edit<RetentionRuleRow>('retention_rules', id, { action, expectedVersion, check }, (rule) => ({
    ...changesOf(rule),
  }));
}

/** @throws DomainError CONFLICT. */
function checkWasSeen(previewed: number, wouldRemove: number): void {
  if (previewed === wouldRemove) return;
  const message = `By now ${wouldRemove} rows would go, and you have seen ${previewed}. Look at retentionPreview again, and activate with what it says.`;
  throw conflict(message);
}
