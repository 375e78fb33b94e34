import type { Resolvers } from '../../generated/graphql.js';
import { reauthenticate } from '../auth/auth.js';
import { exportOrganization, findExport, pathOf } from './exports.js';
import { checkCanExportOrganization } from './rules.js';

export const exportResolvers: Resolvers = {
  Query: { organizationExport: (_, { id }, { reader, privacy }) => findExport(reader, id, privacy.now()) },
  Mutation: {
    exportOrganization: async (_, { currentPassword }, context, info) => {
      await reauthenticate(context, info, currentPassword, checkCanExportOrganization);
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
