import type { Resolvers } from '../../generated/graphql.js';
import * as keys from './api-keys.js';
import type { ApiKeyRow } from './graph.js';
import type { Reader } from '../../db/index.js';

export const apiKeyResolvers: Resolvers = {
  Query: { apiKeys: (_, __, { reader }) => keys.listKeys(reader) },
  Mutation: {
    createApiKey: async (_, { input }, context, info) => {
      context.refuseIdempotency(info);
      let secret = '';
      const written = await context.write(info, async (request) => {
        const made = await keys.createKey(request, input, context.door.now());
        secret = made.secret;
        return made.id;
      });
      return { ...written, secret };
    },
    revokeApiKey: (_, { id }, context, info) => context.write(info, (request) => keys.revokeKey(request, id, context.door.now())),
  },
  CreateApiKeyPayload: { apiKey: ({ id }, _, { reader }) => find(reader, id) },
};

function find(reader: Reader, id: string): Promise<ApiKeyRow | null> {
  return reader.find('api_keys', id) as Promise<ApiKeyRow | null>;
}
