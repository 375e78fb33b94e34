import type { Resolvers } from '../../generated/graphql.js';
import { reauthenticate } from '../auth/auth.js';
import { cancelOrganizationDeletion, deleteOrganization } from './leaving.js';
import { checkCanDeleteOrganization } from './rules.js';
import { getOrganization, settingsOf, updateOrganization } from './organizations.js';

export const organizationResolvers: Resolvers = {
  Query: { organization: (_, __, { reader }) => getOrganization(reader) },
  Mutation: {
    updateOrganization: (_, { input, expectedVersion }, context, info) =>
      context.write(info, (request) => updateOrganization(request, input, expectedVersion)),
    deleteOrganization: async (_, { currentPassword }, context, info) => {
      const caller = await reauthenticate(context, info, currentPassword, checkCanDeleteOrganization);
      return context.write(info, (request) => deleteOrganization({ ...request, caller }, context.door.now()));
    },
    cancelOrganizationDeletion: (_, __, context, info) => context.write(info, cancelOrganizationDeletion),
  },
  OrganizationPayload: { organization: (_, __, { reader }) => getOrganization(reader) },
  Organization: { settings: settingsOf },
  Contact: { organization: (_, __, { reader }) => getOrganization(reader) },
  Company: { organization: (_, __, { reader }) => getOrganization(reader) },
  Deal: { organization: (_, __, { reader }) => getOrganization(reader) },
  Pipeline: { organization: (_, __, { reader }) => getOrganization(reader) },
  Activity: { organization: (_, __, { reader }) => getOrganization(reader) },
  ConsentPurpose: { organization: (_, __, { reader }) => getOrganization(reader) },
  CustomField: { organization: (_, __, { reader }) => getOrganization(reader) },
  ExchangeRate: { organization: (_, __, { reader }) => getOrganization(reader) },
  User: { organization: (_, __, { reader }) => getOrganization(reader) },
};
