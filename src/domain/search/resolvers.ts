import type { Resolvers } from '../../generated/graphql.js';
import { search } from './search.js';

export const searchResolvers: Resolvers = {
  Query: { search: (_, args, { reader }) => search(reader, args) },
};
