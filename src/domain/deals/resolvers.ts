import type { Resolvers } from '../../generated/graphql.js';
import { atScale } from '../../lib/currency.js';
import { secondsBetween } from '../../lib/elapsed.js';
import { permissionsFor } from '../permissions.js';
import type { PipelineRow, StageRow } from '../pipelines/pipelines.js';
import type { UserRow } from '../users/users.js';
import * as deals from './deals.js';
import { canWriteDeal, isRotting } from './rules.js';
import { listStageVisits } from './stage-history.js';

export const dealResolvers: Resolvers = {
  Mutation: {
    createDeal: (_, { input }, context, info) => context.write(info, (request) => deals.createDeal(request, input)),
    updateDeal: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => deals.updateDeal(request, id, input, expectedVersion)),
    moveDeal: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => deals.moveDeal(request, id, input, expectedVersion)),
    winDeal: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => deals.winDeal(request, id, input, expectedVersion)),
    loseDeal: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => deals.loseDeal(request, id, input, expectedVersion)),
    reopenDeal: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => deals.reopenDeal(request, id, expectedVersion)),
    deleteDeal: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => deals.deleteDeal(request, id, expectedVersion)),
    restoreDeal: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => deals.restoreDeal(request, id, expectedVersion)),
  },
  Deal: {
    displayName: (deal) => deal.title,
    viewerCan: (deal, _, { caller }) => permissionsFor(canWriteDeal(caller, deal)),
    value: (deal) => atScale(deal.value, deal.currency),
    age: (deal, _, { reader }) => secondsBetween(deal.createdAt, reader.now),
    timeInStage: (deal, _, { reader }) => secondsBetween(deal.stageEnteredAt, reader.now),
    isRotting: (deal, _, { reader }) => isRotting(deal, reader.now),
    stageHistory: (deal, _, { reader }) => listStageVisits(reader, deal),
    rottingSince: (deal, _, { reader }) => (isRotting(deal, reader.now) ? deal.rotsAt : null),
  },
  StageVisit: {
    stage: ({ stageId }, _, { reader }) => reader.find('pipeline_stages', stageId) as Promise<StageRow | null>,
    pipeline: ({ pipelineId }, _, { reader }) => reader.find('pipelines', pipelineId, 'WITH') as Promise<PipelineRow | null>,
    duration: ({ enteredAt, leftAt }, _, { reader }) => secondsBetween(enteredAt, leftAt ?? reader.now),
    by: async ({ byId }, _, { reader }) => (byId ? ((await reader.find('users', byId)) as UserRow | null) : null),
  },
  DealAggregate: {
    sum: (group) => atScale(group.sum, group.currency),
    avg: (group) => atScale(group.avg, group.currency),
    min: (group) => atScale(group.min, group.currency),
    max: (group) => atScale(group.max, group.currency),
    p50: (group) => atScale(group.p50, group.currency),
    p90: (group) => atScale(group.p90, group.currency),
  },
  MoneyTotal: {
    sum: (total) => atScale(total.sum, total.currency),
    weightedSum: (total) => atScale(total.weightedSum, total.currency),
  },
};
