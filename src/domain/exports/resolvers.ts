import type { Resolvers } from '../../generated/graphql.js';
import { checkIsSignedIn } from '../../caller.js';
import { checkCurrentPassword } from '../auth/auth.js';
import { getViewer } from '../users/users.js';
import { exportOrganization, findExport, pathOf } from './exports.js';
import { checkCanExportOrganization } from './rules.js';

export const exportResolvers: Resolvers = {
  Query: { organizationExport: (_, { id }, { reader, privacy }) => findExport(reader, id, privacy.now()) },
  Mutation: {
    exportOrganization: async (_, { currentPassword }, context, info) => {
      const caller = checkIsSignedIn(context.caller);
      context.refuseIdempotency(info);
      checkCanExportOrganization(caller);
      const viewer = await getViewer(context.reader);
      await context.door.throttle.guess('passwordUser', caller.userId, () =>
        checkCurrentPassword(context.door, caller, viewer, currentPassword),
      );
      return context.write(info, (request) => exportOrganization(request, context.privacy.now()));
    },
  },
  OrganizationExport: {
    progress: ({ rowsDone, rowsTotal }) => ({ done: rowsDone, total: rowsTotal }),
    path: (row, _, { caller, privacy }) => pathOf(row, caller.orgId, { names: privacy.organizationFiles, now: privacy.now() }),
  },
  OrganizationExportPayload: {
    organizationExport: ({ id }, _, { reader, privacy }) => findExport(reader, id, privacy.now()),
  },
};
