import { change, type WriteRequest } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { CreateDealInput, MoveDealInput, UpdateDealInput } from '../../generated/graphql.js';
import { currencyScale } from '../../lib/currency.js';
import { scaleOf } from '../../lib/decimal.js';
import { early } from '../../lib/early.js';
import { withCustomFields } from '../custom-fields/custom-fields.js';
import { changesFrom, newId, REFERENCE, type FieldRules } from '../input.js';
import { settingsIn } from '../organizations/organizations.js';
import { checkCanCreate } from '../permissions.js';
import { holdStage, holdStageForNewDeal } from '../pipelines/pipelines.js';
import { deleteRecord, restoreRecord } from '../records.js';
import { editOf } from './editing.js';
import type { DealRow } from './graph.js';
import { endFor, positionAt } from './places.js';
import { checkCanWriteDeal, checkIsOpen } from './rules.js';

export { loseDeal, reopenDeal, winDeal, type ChangedDeal } from './closing.js';

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
    const currency = input.currency ?? (await settingsIn(writer)).currency;
    checkScale({ ...values, currency });
    const position = await positionAt(writer, stage.id, input.place, id);
    await writer.insert(
      'deals',
      'CREATE',
      {
        ...(await withCustomFields(writer, 'DEAL', input, values, null)),
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
    await writer.edit<DealRow>('deals', id, { ...editOf(writer, 'UPDATE', expectedVersion), isLast: true }, (deal) => {
      checkScale({ ...deal, ...changes });
      return withCustomFields(writer, 'DEAL', input, changes, deal);
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
    // Before the deal: an edit of the pipeline's stages locks in the same order. All of it is asked at once, nothing needs the other's answer.
    const held = early(holdStage(writer, input.stageId));
    const end = early(endFor(writer, input.stageId, input.place, id));
    const alsoSet = ['stageId', 'pipelineId'];
    await writer.edit<DealRow>(
      'deals',
      id,
      { ...editOf(writer, 'MOVE', expectedVersion), alsoSet, isLast: true },
      async (deal) => {
        checkIsOpen(deal);
        const stage = await held;
        if (deal.stageId === stage.id && !input.place) return {};
        const entered = deal.stageId === stage.id ? {} : { stageEnteredAt: new Date().toISOString() };
        return {
          stageId: stage.id,
          pipelineId: stage.pipelineId,
          position: await positionAt(writer, stage.id, input.place, deal.id, end),
          ...entered,
        };
      },
    );
  });
}

/** Deletes softly; its activities stay. */
export function deleteDeal(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return deleteRecord<DealRow>(request, 'deals', id, checkCanWriteDeal, expectedVersion);
}

/** Undoes a deletion. */
export function restoreDeal(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return restoreRecord<DealRow>(request, 'deals', id, checkCanWriteDeal, expectedVersion);
}

/** An amount finer than its currency has no meaning: 10.005 EUR. */
function checkScale({ value, currency }: { value?: unknown; currency?: unknown }): void {
  if (typeof value !== 'string' || typeof currency !== 'string') return;
  const scale = currencyScale(currency);
  if (scaleOf(value) > scale) throw invalid(['input', 'value'], `${currency} has ${scale} digits after the point.`, 'SCALE');
}
