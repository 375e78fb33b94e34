import type { Resolvers } from '../../generated/graphql.js';
import { permissionsFor } from '../permissions.js';
import type { StageRow } from './graph.js';
import { canWritePipelines } from './rules.js';

export const pipelineResolvers: Resolvers = {
  Pipeline: {
    displayName: (pipeline) => pipeline.name,
    viewerCan: (_, __, { caller }) => permissionsFor(canWritePipelines(caller)),
    stages: (pipeline, _, { reader }) =>
      reader.embedded('pipeline_stages', 'pipelineId', pipeline.id, 'place') as Promise<StageRow[]>,
  },
};
