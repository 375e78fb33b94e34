import type { Resolvers } from '../../generated/graphql.js';
import { fullName } from '../../lib/names.js';
import { reauthenticate } from '../auth/auth.js';
import { permissionsFor, permissionsOf } from '../permissions.js';
import type { UserRow } from './graph.js';
import { countRecords, reassignRecords } from './reassign.js';
import { canManageUser } from './rules.js';
import * as users from './users.js';

export const userResolvers: Resolvers = {
  Query: { viewer: (_, __, { reader }) => users.getViewer(reader) },
  Mutation: {
    updateViewer: (_, { input }, context, info) => context.write(info, (request) => users.updateViewer(request, input)),
    updateUser: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => users.updateUser(request, id, input, expectedVersion)),
    changeRole: (_, { id, role, expectedVersion }, context, info) =>
      context.write(info, (request) => users.changeRole(request, id, role, expectedVersion)),
    deactivateUser: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => users.deactivateUser(request, id, input ?? {}, expectedVersion)),
    reactivateUser: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => users.reactivateUser(request, id, expectedVersion)),
    reassignRecords: async (_, { from, to }, context, info) => ({
      ...(await context.write(info, (request) => reassignRecords(request, from, to))),
      to,
    }),
    transferOwnership: async (_, { to, currentPassword }, context, info) => {
      await reauthenticate(context, info, currentPassword);
      return context.write(info, (request) => users.transferOwnership(request, to));
    },
  },
  ReassignPayload: {
    from: ({ id }, _, { reader }) => reader.find('users', id) as Promise<UserRow | null>,
    to: ({ to }, _, { reader }) => reader.find('users', to) as Promise<UserRow | null>,
    remaining: ({ id }, _, { reader }) => countRecords(reader, { id }),
  },
  User: {
    displayName: (user) => fullName(user.firstName, user.lastName) || user.email,
    viewerCan: (user, _, { caller }) => permissionsFor(canManageUser(caller, user)),
    permissions: (user, _, { caller }) => (user.id === caller.userId ? permissionsOf(caller) : null),
  },
};
