import type { Reader } from '../../db/index.js';
import { unauthenticated } from '../../errors.js';
import type { Resolvers } from '../../generated/graphql.js';
import type { OrganizationRow } from './graph.js';

export const organizationResolvers: Resolvers = {
  Query: { organization: (_, __, { reader }) => getOrganization(reader) },
  Contact: { organization: (_, __, { reader }) => getOrganization(reader) },
  Company: { organization: (_, __, { reader }) => getOrganization(reader) },
  Deal: { organization: (_, __, { reader }) => getOrganization(reader) },
  Pipeline: { organization: (_, __, { reader }) => getOrganization(reader) },
  Activity: { organization: (_, __, { reader }) => getOrganization(reader) },
  ExchangeRate: { organization: (_, __, { reader }) => getOrganization(reader) },
  User: { organization: (_, __, { reader }) => getOrganization(reader) },
};

/** The caller's organization. @throws DomainError UNAUTHENTICATED when it is gone though the token still is valid. */
async function getOrganization(reader: Reader): Promise<OrganizationRow> {
  const organization = await reader.find('organizations', reader.caller.orgId);
  if (!organization) throw unauthenticated('This organization no longer exists. Sign in to another one.');
  return organization as OrganizationRow;
}
