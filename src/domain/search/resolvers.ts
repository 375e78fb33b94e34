import type { Resolvers } from '../../generated/graphql.js';
import { TABLES } from './queries.js';
import { search } from './search.js';

export const searchResolvers: Resolvers = {
  Query: { search: (_, args, context, info) => search(context.reader, args, context.hits(info, Object.values(TABLES))) },
};
