import type { Resolvers } from '../../generated/graphql.js';
import { permissionsFor } from '../permissions.js';
import { canWriteCompany } from './rules.js';

export const companyResolvers: Resolvers = {
  Company: {
    displayName: (company) => company.name,
    viewerCan: (company, _, { caller }) => permissionsFor(canWriteCompany(caller, company)),
  },
};
