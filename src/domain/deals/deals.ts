import { change, type WriteRequest, type Writer } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { CreateDealInput, LoseDealInput, MoveDealInput, UpdateDealInput } from '../../generated/graphql.js';
import { currencyScale } from '../../lib/currency.js';
import { scaleOf } from '../../lib/decimal.js';
import { isUuid } from '../../lib/uuid.js';
import { changesFrom, newId, REFERENCE, type FieldRules } from '../input.js';
import { checkCanCreate } from '../permissions.js';
import { holdStage, holdStageForNewDeal } from '../pipelines/pipelines.js';
import { deleteRecord, restoreRecord } from '../records.js';
import type { DealRow } from './graph.js';
import { positionAt } from './places.js';
import { checkCanWriteDeal, checkIsOpen } from './rules.js';

/** A deal after a change, and what the caller should know about it. */
export interface ChangedDeal {
  id: string;
  notice: string | null;
}

const FIELDS: FieldRules = {
  title: { required: true, longest: 300 },
  value: {},
  currency: { required: true },
  expectedCloseDate: {},
  contactId: REFERENCE,
  companyId: REFERENCE,
  ownerId: REFERENCE,
};

/** Makes an open deal, in the first stage of the default pipeline unless the input says otherwise; it belongs to the caller. */
export async function createDeal(request: WriteRequest, input: CreateDealInput): Promise<string> {
  const id = newId(input);
  const values = { ownerId: request.caller.userId, ...changesFrom(input, FIELDS) };
  return change(request, id, async (writer) => {
    checkCanCreate(writer.caller);
    const stage = await holdStageForNewDeal(writer, input);
    const currency = input.currency ?? (await usualCurrency(writer));
    checkScale({ ...values, currency });
    const position = await positionAt(writer, stage.id, input.place, id);
    await writer.insert(
      'deals',
      'CREATE',
      {
        ...values,
        id,
        currency,
        position,
        pipelineId: stage.pipelineId,
        stageId: stage.id,
        status: 'OPEN',
      },
      Boolean(input.id),
    );
  });
}

/** Changes what the input names. Stage and status have verbs of their own. */
export async function updateDeal(
  request: WriteRequest,
  id: string,
  input: UpdateDealInput,
  expectedVersion?: number | null,
): Promise<string> {
  const changes = changesFrom(input, FIELDS);
  return change(request, id, async (writer) => {
    await writer.edit<DealRow>('deals', id, options(writer, 'UPDATE', expectedVersion), (deal) => {
      checkScale({ ...deal, ...changes });
      return changes;
    });
  });
}

/** Puts an open deal into a stage, of its own pipeline or of another, next to a neighbour. */
export async function moveDeal(
  request: WriteRequest,
  id: string,
  input: MoveDealInput,
  expectedVersion?: number | null,
): Promise<string> {
  return change(request, id, async (writer) => {
    // Before the deal: an edit of the pipeline's stages locks in the same order.
    const stage = await holdStage(writer, input.stageId);
    const alsoSet = ['stageId', 'pipelineId'];
    await writer.edit<DealRow>('deals', id, { ...options(writer, 'MOVE', expectedVersion), alsoSet }, async (deal) => {
      checkIsOpen(deal);
      if (deal.stageId === stage.id && !input.place) return {};
      const entered = deal.stageId === stage.id ? {} : { stageEnteredAt: new Date().toISOString() };
      return {
        stageId: stage.id,
        pipelineId: stage.pipelineId,
        position: await positionAt(writer, stage.id, input.place, deal.id),
        ...entered,
      };
    });
  });
}

/** Closes an open deal as won. */
export function winDeal(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return close(request, id, 'WIN', { status: 'WON' }, expectedVersion);
}

/** Closes an open deal as lost, with a reason if there is one. */
export async function loseDeal(
  request: WriteRequest,
  id: string,
  input: LoseDealInput | null | undefined,
  expectedVersion?: number | null,
): Promise<string> {
  const { reason } = changesFrom(input ?? {}, { reason: { longest: 500 } });
  return close(request, id, 'LOSE', { status: 'LOST', lostReason: reason ?? null }, expectedVersion);
}

/** Opens a closed deal again, in the stage it is in; says so when that is not the one it was closed in. */
export async function reopenDeal(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<ChangedDeal> {
  let notice: string | null = null;
  const changed = await change(request, id, async (writer) => {
    await holdPipelineOf(writer, id);
    const { row } = await writer.edit<DealRow>('deals', id, options(writer, 'REOPEN', expectedVersion), () => ({
      status: 'OPEN',
      closedAt: null,
      lostReason: null,
    }));
    notice = row.status === 'OPEN' ? null : await noticeOfLostStage(writer, row);
  });
  return { id: changed, notice };
}

/** Deletes softly; its activities stay. */
export function deleteDeal(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return deleteRecord<DealRow>(request, 'deals', id, checkCanWriteDeal, expectedVersion);
}

/** Undoes a deletion. */
export function restoreDeal(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return restoreRecord<DealRow>(request, 'deals', id, checkCanWriteDeal, expectedVersion);
}

function options(
  writer: Writer,
  action: string,
  expectedVersion: number | null | undefined,
): { action: string; expectedVersion: number | null | undefined; check: (deal: DealRow) => void } {
  return { action, expectedVersion, check: (deal) => checkCanWriteDeal(writer.caller, deal) };
}

function close(
  request: WriteRequest,
  id: string,
  action: string,
  outcome: { status: string; lostReason?: unknown },
  expectedVersion: number | null | undefined,
): Promise<string> {
  return change(request, id, async (writer) => {
    await writer.edit<DealRow>('deals', id, options(writer, action, expectedVersion), (deal) => {
      if (deal.status === outcome.status) return {};
      checkIsOpen(deal);
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

/** An amount finer than its currency has no meaning: 10.005 EUR. */
function checkScale({ value, currency }: { value?: unknown; currency?: unknown }): void {
  if (typeof value !== 'string' || typeof currency !== 'string') return;
  const scale = currencyScale(currency);
  if (scaleOf(value) > scale) throw invalid(['input', 'value'], `${currency} has ${scale} digits after the point.`, 'SCALE');
}

async function usualCurrency(writer: Writer): Promise<string> {
  const organization = await writer.reads.organization.findFirst({
    where: { id: writer.caller.orgId },
    select: { settings: true },
  });
  const { currency } = (organization?.settings ?? {}) as { currency?: unknown };
  return typeof currency === 'string' ? currency : 'EUR';
}
