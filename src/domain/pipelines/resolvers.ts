import type { Resolvers } from '../../generated/graphql.js';
import { permissionsFor } from '../permissions.js';
import type { StageRow } from './graph.js';
import * as pipelines from './pipelines.js';

import { canWritePipelines } from './rules.js';

export const pipelineResolvers: Resolvers = {
  Mutation: {
    createPipeline: (_, { input }, context, info) => context.write(info, (request) => pipelines.createPipeline(request, input)),
    updatePipeline: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => pipelines.updatePipeline(request, id, input, expectedVersion)),
    deletePipeline: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => pipelines.deletePipeline(request, id, expectedVersion)),
    restorePipeline: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => pipelines.restorePipeline(request, id, expectedVersion)),
  },
  Pipeline: {
    displayName: (pipeline) => pipeline.name,
    viewerCan: (_, __, { caller }) => permissionsFor(canWritePipelines(caller)),
    stages: (pipeline, _, { reader }) =>
      reader.embedded('pipeline_stages', 'pipelineId', pipeline.id, 'place') as Promise<StageRow[]>,
  },
};
