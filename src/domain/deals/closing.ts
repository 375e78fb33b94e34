import { change, type Changes, type WriteRequest, type Writer } from '../../db/index.js';
import type { LoseDealInput, WinDealInput } from '../../generated/graphql.js';
import { isUuid } from '../../lib/uuid.js';
import { changesFrom, type FieldRules } from '../input.js';
import { settingsIn } from '../organizations/organizations.js';
import { editOf } from './editing.js';
import type { DealRow } from './graph.js';
import { checkIsListed, checkIsOpen } from './rules.js';

/** A deal after a change, and what the caller should know about it. */
export interface ChangedDeal {
  id: string;
  notice: string | null;
}

/** How a deal can end: the verb of the fact, the field of its reason, and the setting that lists the reasons to choose from. */
const ENDINGS = {
  WON: { action: 'WIN', reason: 'wonReason', list: 'wonReasons' },
  LOST: { action: 'LOSE', reason: 'lostReason', list: 'lostReasons' },
} as const;

const FIELDS: FieldRules = { reason: { longest: 500 }, note: { longest: 10_000 } };

/** Closes an open deal as won, with a reason and a note if there are any. */
export function winDeal(
  request: WriteRequest,
  id: string,
  input: WinDealInput | null | undefined,
  expectedVersion?: number | null,
): Promise<string> {
  return close(request, id, 'WON', input, expectedVersion);
}

/** Closes an open deal as lost, with a reason and a note if there are any. */
export function loseDeal(
  request: WriteRequest,
  id: string,
  input: LoseDealInput | null | undefined,
  expectedVersion?: number | null,
): Promise<string> {
  return close(request, id, 'LOST', input, expectedVersion);
}

/** Opens a closed deal again, in the stage it is in; says so when that is not the one it was closed in. */
export async function reopenDeal(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<ChangedDeal> {
  let notice: string | null = null;
  const changed = await change(request, id, async (writer) => {
    await holdPipelineOf(writer, id);
    const { row } = await writer.edit<DealRow>('deals', id, editOf(writer, 'REOPEN', expectedVersion), () => ({
      status: 'OPEN',
      closedAt: null,
      wonReason: null,
      lostReason: null,
      closeNote: null,
    }));
    notice = row.status === 'OPEN' ? null : await noticeOfLostStage(writer, row);
  });
  return { id: changed, notice };
}

async function close(
  request: WriteRequest,
  id: string,
  status: keyof typeof ENDINGS,
  input: WinDealInput | null | undefined,
  expectedVersion: number | null | undefined,
): Promise<string> {
  const { reason = null, note = null } = changesFrom(input ?? {}, FIELDS) as { reason?: string | null; note?: string | null };
  const ending = ENDINGS[status];
  return change(request, id, async (writer) => {
    const outcome: Changes = { status, [ending.reason]: reason, closeNote: note };
    await writer.edit<DealRow>('deals', id, editOf(writer, ending.action, expectedVersion), async (deal) => {
      if (deal.status === status) return {};
      checkIsOpen(deal);
      if (reason !== null) checkIsListed(reason, (await settingsIn(writer))[ending.list]);
      return { ...outcome, closedAt: new Date().toISOString() };
    });
  });
}

/** An edit of its stages reaches open deals: whoever opens one waits for it, and locks in the same order. */
async function holdPipelineOf(writer: Writer, id: string): Promise<void> {
  if (!isUuid(id)) return;
  const deal = await writer.reads.deal.findFirst({ where: { ...writer.tenant, id }, select: { pipelineId: true } });
  if (deal) await writer.hold('pipelines', deal.pipelineId);
}

/** The history has the stage it was closed in; an edit of the pipeline may have carried it to another since. */
async function noticeOfLostStage(writer: Writer, deal: DealRow): Promise<string | null> {
  const lastOpen = await writer.reads.dealHistory.findFirst({
    where: { ...writer.tenant, dealId: deal.id, status: 'OPEN' },
    orderBy: [{ at: 'desc' }, { seq: 'desc' }],
  });
  if (!lastOpen || lastOpen.stageId === deal.stageId) return null;
  const stage = await writer.reads.pipelineStage.findFirst({ where: { ...writer.tenant, id: deal.stageId } });
  return `The stage in which this deal was closed is gone. It is now in “${stage?.name ?? ''}”.`;
}
