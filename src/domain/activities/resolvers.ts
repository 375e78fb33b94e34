import type { Resolvers } from '../../generated/graphql.js';
import { permissionsFor } from '../permissions.js';
import * as activities from './activities.js';
import { canWriteActivity } from './rules.js';

export const activityResolvers: Resolvers = {
  Mutation: {
    createActivity: (_, { input }, context, info) => context.write(info, (request) => activities.createActivity(request, input)),
    updateActivity: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => activities.updateActivity(request, id, input, expectedVersion)),
    completeActivity: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => activities.completeActivity(request, id, expectedVersion)),
    reopenActivity: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => activities.reopenActivity(request, id, expectedVersion)),
    deleteActivity: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => activities.deleteActivity(request, id, expectedVersion)),
    restoreActivity: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => activities.restoreActivity(request, id, expectedVersion)),
  },
  Activity: {
    displayName: (activity) => activity.subject,
    viewerCan: (activity, _, { caller }) => permissionsFor(canWriteActivity(caller, activity)),
  },
};
