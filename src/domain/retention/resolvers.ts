import type { RetentionHold, Resolvers } from '../../generated/graphql.js';
import { heldBack, retentionPreview, sampleOf } from './preview.js';
import * as retention from './retention.js';

export const retentionResolvers: Resolvers = {
  Query: {
    retentionRules: (_, __, { reader }) => retention.listRetentionRules(reader),
    retentionPreview: (_, { ruleId }, { reader }) => retentionPreview(reader, ruleId),
  },
  Mutation: {
    setRetentionRule: (_, { input, expectedVersion }, context, info) =>
      context.write(info, (request) => retention.setRetentionRule(request, input, expectedVersion)),
    activateRetentionRule: (_, seen, context, info) =>
      context.write(info, (request) => retention.activateRetentionRule(request, context.reader, seen, context.privacy.now())),
    removeRetentionRule: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => retention.removeRetentionRule(request, id, expectedVersion)),
  },
  RetentionRule: { runs: ({ id }, _, { reader }) => retention.runsOf(reader, id) },
  RetentionRun: { skippedBecause: ({ held }) => heldBack(Object.entries(held as Record<string, number>)) },
  RetentionPreview: { sample: ({ rule }, _, { reader }) => sampleOf(reader, rule) },
  RetentionSample: {
    recordId: ({ id }) => id,
    heldBack: ({ held }) => held as RetentionHold | null,
  },
};
