import { RANGE, entity, sameText, type Row } from '../../db/graph.js';

export const pipelineGraph = entity({
  table: 'pipelines',
  scope: 'pipelines',
  type: 'Pipeline',
  payload: 'pipeline',
  root: { one: 'pipeline', many: 'pipelines' },
  fields: {
    id: 'uuid',
    name: 'text',
    isDefault: 'boolean',
    stages: 'json',
    deletedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  filters: {
    id: ['eq', 'in'],
    name: ['eq', 'in'],
    isDefault: [],
    createdAt: RANGE,
    updatedAt: RANGE,
  },
  orders: ['name', 'createdAt', 'updatedAt'],
  defaultOrder: ['createdAt', 'ASC'],
  looksAt: { displayName: ['name'] },
  written: { displayName: sameText('name') },
  history: { table: 'pipeline_history', key: 'pipeline_id', fields: ['name', 'stages'] },
  toMany: { deals: { entity: 'deals', key: 'pipelineId' } },
});

/** Read from the projection that deals refer to; written only through their pipeline. */
export const stageGraph = entity({
  table: 'pipeline_stages',
  scope: 'pipelines',
  type: 'Stage',
  softDelete: false,
  fields: { id: 'uuid', pipelineId: 'uuid', name: 'text', place: 'integer', probability: 'integer', daysToRot: 'integer?' },
  filters: { id: ['eq', 'in'], name: [], probability: [], daysToRot: [] },
  bounded: ['name', 'place', 'probability'],
  defaultOrder: ['place', 'ASC'],
  toOne: { pipeline: { entity: 'pipelines', key: 'pipelineId', evenDeleted: true } },
  toMany: { deals: { entity: 'deals', key: 'stageId', defaultOrder: ['position', 'ASC'] } },
});

export type PipelineRow = Row<typeof pipelineGraph>;
export type StageRow = Row<typeof stageGraph>;
