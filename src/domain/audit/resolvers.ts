import type { Resolvers, ResolversTypes } from '../../generated/graphql.js';
import { changesOf, fieldsOf, headOf, listFacts, verify } from './audit.js';

type User = Awaited<ResolversTypes['User']>;
type ApiKey = Awaited<ResolversTypes['ApiKey']>;

export const auditResolvers: Resolvers = {
  Query: {
    auditLog: (_, args, { reader }) => listFacts(reader, args) as never,
    auditHead: (_, __, { reader }) => headOf(reader),
    auditVerify: (_, range, { reader }) => verify(reader, range),
  },
  AuditEntry: {
    actorId: ({ userId }) => userId,
    actor: async ({ userId }, _, { reader }) => (userId ? ((await reader.find('users', userId)) as User | null) : null),
    apiKey: async ({ apiKeyId }, _, { reader }) =>
      apiKeyId ? ((await reader.find('api_keys', apiKeyId)) as ApiKey | null) : null,
    recordId: ({ entityId }) => entityId,
    version: ({ entityVersion }) => entityVersion,
    changedFields: (fact) => fieldsOf(fact),
    changes: (fact, _, { reader }) => changesOf(reader, fact),
  },
  AuditVerification: {
    ok: ({ firstBad }) => firstBad === null,
    next: ({ isComplete, through }) => (isComplete ? null : through + 1),
  },
};
