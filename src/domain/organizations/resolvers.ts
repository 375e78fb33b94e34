import type { Resolvers } from '../../generated/graphql.js';
import { getOrganization, settingsOf, updateOrganization } from './organizations.js';

export const organizationResolvers: Resolvers = {
  Query: { organization: (_, __, { reader }) => getOrganization(reader) },
  Mutation: {
    updateOrganization: (_, { input, expectedVersion }, context, info) =>
      context.write(info, (request) => updateOrganization(request, input, expectedVersion)),
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
