import { change, type LockedRow, type WriteRequest, type Writer } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { CreatePipelineInput, UpdatePipelineInput } from '../../generated/graphql.js';
import { early } from '../../lib/early.js';
import { isUuid } from '../../lib/uuid.js';
import { changesFrom, newId, type FieldRules } from '../input.js';
import { deleteRecord, restoreRecord } from '../records.js';
import type { PipelineRow } from './graph.js';
import { carryDeals, planCarriage, type Carriage } from './carry-deals.js';
import { checkCanWritePipelines } from './rules.js';
import { stagesFrom, type Stage } from './stages.js';

export type { PipelineRow, StageRow } from './graph.js';
export { foundPipeline } from './first-pipeline.js';

const FIELDS: FieldRules = { name: { required: true, longest: 200 } };

/** Where a deal is or goes. */
export interface StagePlace {
  id: string;
  pipelineId: string;
}

/** Makes a pipeline with its stages. */
export async function createPipeline(request: WriteRequest, input: CreatePipelineInput): Promise<string> {
  const id = newId(input);
  const values = changesFrom(input, FIELDS);
  const stages = stagesFrom(input.stages);
  if (stages.some((stage) => stage.id === id))
    throw invalid(['input', 'stages'], 'A stage and its pipeline have ids of their own.', 'ID_USED');
  return change(request, id, async (writer) => {
    checkCanWritePipelines(writer.caller);
    await checkNeverUsed(writer, stages, null);
    if (input.isDefault) await dethrone(writer, id);
    await writer.insert('pipelines', 'CREATE', { ...values, id, stages, isDefault: input.isDefault ?? false }, Boolean(input.id));
  });
}

/** Changes name, stages, or makes it the default. Deals in stages that go are carried to `moveDealsTo`. */
export async function updatePipeline(
  request: WriteRequest,
  id: string,
  input: UpdatePipelineInput,
  expectedVersion?: number | null,
): Promise<string> {
  const changes = changesFrom(input, FIELDS);
  if (input.stages === null) throw invalid(['input', 'stages'], 'A pipeline needs stages.', 'REQUIRED');
  if (input.isDefault === null) throw invalid(['input', 'isDefault'], 'A pipeline is the default or it is not.', 'REQUIRED');
  const stages = input.stages ? stagesFrom(input.stages) : null;
  return change(request, id, async (writer) => {
    const check = (): void => checkCanWritePipelines(writer.caller);
    let carriage: Carriage | null = null;
    let rotsOtherwise = false;
    // Exclusive: whoever puts a deal into one of its stages waits, and then sees the new ones.
    await writer.edit<PipelineRow>(
      'pipelines',
      id,
      { action: 'UPDATE', expectedVersion, check, exclusive: true },
      async (pipeline) => {
        if (input.isDefault === false && pipeline.isDefault)
          throw invalid(['input', 'isDefault'], 'Make another pipeline the default instead.', 'REQUIRED');
        if (input.isDefault && !pipeline.isDefault) await dethrone(writer, id);
        if (stages) {
          await checkNeverUsed(writer, added(pipeline, stages), pipeline.id);
          carriage = await planCarriage(writer, pipeline, stages, input.moveDealsTo);
          rotsOtherwise = haveOtherDays(pipeline, stages);
        }
        return { ...changes, ...(stages && { stages }), ...(input.isDefault && { isDefault: true }) };
      },
    );
    if (carriage) await carryDeals(writer, carriage);
    if (rotsOtherwise) await writer.redateRot(id);
  });
}

/** Deletes softly; its deals stay in it. The default one stays until another is the default. */
export function deletePipeline(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return deleteRecord<PipelineRow>(
    request,
    'pipelines',
    id,
    (caller, pipeline) => {
      checkCanWritePipelines(caller);
      if (pipeline.isDefault)
        throw invalid(['id'], 'This is the default pipeline. Make another one the default first.', 'IS_DEFAULT');
    },
    expectedVersion,
  );
}

/** Undoes a deletion. */
export function restorePipeline(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return restoreRecord<PipelineRow>(request, 'pipelines', id, checkCanWritePipelines, expectedVersion);
}

/**
 * A stage for a deal to go to, kept from being edited away until the commit. One deal at a time goes into a column, so that
 * places are not given twice.
 *
 * @throws DomainError INVALID_INPUT when there is none, or its pipeline was deleted.
 */
export async function holdStage(writer: Writer, stageId: string, path = ['input', 'stageId'], named = true): Promise<StagePlace> {
  const id = stageId.toLowerCase();
  const alone = isUuid(id) ? early(writer.alone(`column ${id}`)) : null;
  const pipeline = (await writer.holdOwner(
    'pipelines',
    { table: 'pipeline_stages', key: 'pipelineId', id },
    ['id', 'stages', 'deletedAt'],
    named,
  )) as Pick<PipelineRow, 'id' | 'stages' | 'deletedAt'> | null;
  await alone;
  // As it is behind the lock: an edit may have taken the stage away before.
  const isThere = pipeline && !pipeline.deletedAt && (pipeline.stages as Stage[]).some((stage) => stage.id === id);
  if (!isThere) throw invalid(path, 'There is no stage with this id that you can see.', 'NOT_FOUND');
  return { id, pipelineId: pipeline.id };
}

/** The stage a new deal starts in: the one named, else the first of the pipeline named, else of the default one. */
export async function holdStageForNewDeal(
  writer: Writer,
  input: { stageId?: string | null; pipelineId?: string | null },
): Promise<StagePlace> {
  if (typeof input.stageId === 'string') {
    const stage = await holdStage(writer, input.stageId);
    if (typeof input.pipelineId === 'string' && input.pipelineId.toLowerCase() !== stage.pipelineId)
      throw invalid(['input', 'stageId'], 'This stage belongs to another pipeline.', 'NOT_FOUND');
    return stage;
  }
  const nowhere = invalid(['input', 'pipelineId'], 'There is no pipeline with this id that you can see.', 'NOT_FOUND');
  if (typeof input.pipelineId === 'string' && !isUuid(input.pipelineId)) throw nowhere;
  const named = typeof input.pipelineId === 'string' ? { id: input.pipelineId } : { isDefault: true };
  const pipeline = await writer.reads.pipeline.findFirst({
    where: { ...writer.tenant, deletedAt: null, ...named },
    select: { stages: true },
  });
  const [first] = (pipeline?.stages ?? []) as unknown as Stage[];
  if (!first) throw nowhere;
  return holdStage(writer, first.id, ['input', 'pipelineId'], typeof input.pipelineId === 'string');
}

/** Whether a stage that stays lets its deals go stale sooner or later than before. */
function haveOtherDays(pipeline: PipelineRow, stages: Stage[]): boolean {
  const days = new Map((pipeline.stages as Stage[]).map((stage) => [stage.id, stage.daysToRot]));
  return stages.some((stage) => days.has(stage.id) && days.get(stage.id) !== stage.daysToRot);
}

function added(pipeline: PipelineRow, stages: Stage[]): Stage[] {
  return stages.filter((stage) => !(pipeline.stages as Stage[]).some((old) => old.id === stage.id));
}

/** The id of a stage is never used for another one, of this pipeline or any other, now or before. */
async function checkNeverUsed(writer: Writer, stages: Stage[], pipelineId: string | null): Promise<void> {
  for (const stage of stages) {
    const used = await writer.reads.pipelineHistory.findFirst({
      where: { ...writer.tenant, stages: { array_contains: [{ id: stage.id }] } },
      select: { id: true },
    });
    const taken = await writer.reads.pipelineStage.findFirst({
      where: { ...writer.tenant, id: stage.id },
      select: { pipelineId: true },
    });
    if (!taken) await writer.checkIdIsFree(stage.id);
    if (used || (taken && taken.pipelineId !== pipelineId))
      throw invalid(['input', 'stages'], 'The id of a stage is never used again. Leave it out to get a new one.', 'ID_USED');
  }
}

/** The pipeline that has been the default so far no longer is. */
async function dethrone(writer: Writer, heirId: string): Promise<void> {
  const current = await writer.reads.pipeline.findFirst({
    where: { ...writer.tenant, isDefault: true, NOT: { id: heirId } },
    select: { id: true },
  });
  if (!current) return;
  await writer.edit<LockedRow>('pipelines', current.id, { action: 'UPDATE', check: () => undefined }, () => ({
    isDefault: false,
  }));
}
