import type { Reader } from '../../db/index.js';
import type { Resolvers, ResolversTypes } from '../../generated/graphql.js';
import { atScale } from '../../lib/currency.js';
import * as reports from './reports.js';

export const reportResolvers: Resolvers = {
  Query: {
    forecast: (_, args, { reader }) => reports.forecast(reader, args),
    leaderboard: (_, args, { reader }) => reports.leaderboard(reader, args),
    conversion: (_, args, { reader }) => reports.conversion(reader, args),
    velocity: (_, args, { reader }) => reports.velocity(reader, args),
    pipelineAsOf: (_, args, { reader }) => reports.pipelineAsOf(reader, args),
  },
  ForecastGroup: {
    openSum: ({ openSum, currency }) => atScale(openSum, currency),
    openWeightedSum: ({ openWeightedSum, currency }) => atScale(openWeightedSum, currency),
    wonSum: ({ wonSum, currency }) => atScale(wonSum, currency),
    expectedSum: ({ expectedSum, currency }) => atScale(expectedSum, currency),
  },
  ForecastKeys: {
    month: ({ closeMonth }) => closeMonth ?? null,
    owner: (keys, _, { reader }) => ownerOf(reader, keys),
    pipeline: (keys, _, { reader }) =>
      reader.one('deals', 'pipeline', keys) as Promise<Awaited<ResolversTypes['Pipeline']> | null>,
  },
  LeaderboardEntry: {
    owner: ({ keys }, _, { reader }) => ownerOf(reader, keys),
    wonSum: ({ wonSum, currency }) => atScale(wonSum, currency),
    winRate: ({ wonCount, lostCount }) => share(wonCount, wonCount + lostCount),
  },
  ConversionCohort: { winRate: ({ won, created }) => share(won, created) },
  StageConversion: {
    stage: ({ stageId }, _, { reader }) => stageOf(reader, stageId),
    rate: ({ advanced, reached }) => share(advanced, reached),
  },
  Velocity: { winRate: ({ wonCount, lostCount }) => share(wonCount, wonCount + lostCount) },
  WonTotal: {
    sum: ({ sum, currency }) => atScale(sum, currency),
    avg: ({ avg, currency }) => atScale(avg, currency),
  },
  StageVelocity: { stage: ({ stageId }, _, { reader }) => stageOf(reader, stageId) },
  PipelineAsOf: {
    pipeline: ({ pipelineId }, _, { reader }) =>
      reader.find('pipelines', pipelineId) as Promise<Awaited<ResolversTypes['Pipeline']> | null>,
  },
  StageAsOf: { stage: ({ stageId }, _, { reader }) => stageOf(reader, stageId) },
};

type Found<Type extends 'User' | 'Stage'> = Promise<Awaited<ResolversTypes[Type]> | null>;

function ownerOf(reader: Reader, keys: object): Found<'User'> {
  return reader.one('deals', 'owner', keys) as Found<'User'>;
}

function stageOf(reader: Reader, id: string): Found<'Stage'> {
  return reader.find('pipeline_stages', id) as Found<'Stage'>;
}

/** Between 0 and 1; null of nothing. */
function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
