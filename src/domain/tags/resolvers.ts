import type { Resolvers } from '../../generated/graphql.js';
import * as tags from './tags.js';

export const tagResolvers: Resolvers = {
  Query: { tags: (_, args, { reader }) => tags.listTags(reader, args) },
  Mutation: {
    renameTag: (_, { input }, context, info) => context.write(info, (request) => tags.renameTag(request, input)),
    mergeTags: (_, { input }, context, info) => context.write(info, (request) => tags.mergeTags(request, input)),
    deleteTag: (_, { input }, context, info) => context.write(info, (request) => tags.deleteTag(request, input)),
  },
  // A tag is known by its name.
  TagPayload: { tag: ({ id: name }, _, { reader }) => tags.findTag(reader, name) },
};
