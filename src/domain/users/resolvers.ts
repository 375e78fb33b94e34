import type { Resolvers } from '../../generated/graphql.js';
import { fullName } from '../../lib/names.js';
import { permissionsFor } from '../permissions.js';
import { canWriteUsers } from './rules.js';
import { getViewer } from './users.js';

export const userResolvers: Resolvers = {
  Query: { viewer: (_, __, { reader }) => getViewer(reader) },
  User: {
    displayName: (user) => fullName(user.firstName, user.lastName) || user.email,
    viewerCan: (_, __, { caller }) => permissionsFor(canWriteUsers(caller)),
  },
};
