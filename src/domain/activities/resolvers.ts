import type { Resolvers } from '../../generated/graphql.js';
import { permissionsFor } from '../permissions.js';
import { canWriteActivity } from './rules.js';

export const activityResolvers: Resolvers = {
  Activity: {
    displayName: (activity) => activity.subject,
    viewerCan: (activity, _, { caller }) => permissionsFor(canWriteActivity(caller, activity)),
  },
};
