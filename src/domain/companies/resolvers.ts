import type { Resolvers } from '../../generated/graphql.js';
import { permissionsFor } from '../permissions.js';
import * as companies from './companies.js';
import { canWriteCompany } from './rules.js';

export const companyResolvers: Resolvers = {
  Mutation: {
    createCompany: (_, { input }, context, info) => context.write(info, (request) => companies.createCompany(request, input)),
    updateCompany: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => companies.updateCompany(request, id, input, expectedVersion)),
    deleteCompany: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => companies.deleteCompany(request, id, expectedVersion)),
    restoreCompany: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => companies.restoreCompany(request, id, expectedVersion)),
  },
  Company: {
    displayName: (company) => company.name,
    viewerCan: (company, _, { caller }) => permissionsFor(canWriteCompany(caller, company)),
  },
};
