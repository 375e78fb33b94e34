import type { Writer } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { PipelineRow } from './graph.js';
import type { Stage } from './stages.js';

/** Deals whose stage goes, and the stage they are carried to. */
export interface Carriage {
  dealIds: string[];
  removed: string[];
  /** Where open deals go. */
  openTo: string;
  /** Where closed and deleted ones go. */
  closedTo: string;
}

/**
 * What becomes of the deals in stages that go: open ones are carried to `moveDealsTo`, which is needed then; closed and
 * deleted ones to the first stage. Call before the stages change, `carryDeals` after.
 *
 * @throws DomainError INVALID_INPUT when open deals have nowhere to go, or the target is no stage that stays.
 */
export async function planCarriage(
  writer: Writer,
  pipeline: PipelineRow,
  stages: Stage[],
  moveDealsTo: string | null | undefined,
): Promise<Carriage | null> {
  const named = typeof moveDealsTo === 'string';
  const target = named ? stages.find((stage) => stage.id === moveDealsTo.toLowerCase()) : undefined;
  if (named && !target) throw invalid(['input', 'moveDealsTo'], 'Deals can only be carried to a stage that stays.', 'NOT_FOUND');
  const kept = new Set(stages.map((stage) => stage.id));
  const removed = (pipeline.stages as Stage[]).map((stage) => stage.id).filter((id) => !kept.has(id));
  const closedTo = stages[0]?.id;
  if (removed.length === 0 || !closedTo) return null;
  const where = { ...writer.tenant, pipelineId: pipeline.id, stageId: { in: removed } };
  const deals = await writer.reads.deal.findMany({
    where,
    select: { id: true, status: true, deletedAt: true },
    orderBy: { id: 'asc' },
  });
  const open = deals.filter((deal) => deal.status === 'OPEN' && !deal.deletedAt).length;
  if (open > 0 && !target) {
    throw invalid(['input', 'moveDealsTo'], `${open} open deals are in the stages that go. Say where to move them.`, 'REQUIRED');
  }
  if (deals.length === 0) return null;
  await writer.consequences();
  return { openTo: target?.id ?? closedTo, closedTo, removed, dealIds: deals.map((deal) => deal.id) };
}

/** Carries them: facts and history tell of each, their versions stay. One that has moved elsewhere meanwhile is left there. */
export async function carryDeals(writer: Writer, { dealIds, removed, openTo, closedTo }: Carriage): Promise<void> {
  const stageEnteredAt = new Date().toISOString();
  await writer.editAll('deals', dealIds, 'MOVE', (deal) => {
    if (!removed.includes(deal['stageId'] as string)) return {};
    return { stageId: deal['status'] === 'OPEN' && !deal.deletedAt ? openTo : closedTo, stageEnteredAt };
  });
}
