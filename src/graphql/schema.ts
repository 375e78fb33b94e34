import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { graph, resolvers } from '../domain/index.js';
import { guardRootFields } from './root-guard.js';
import { relationResolvers } from './relations.js';
import { scalars } from './scalars.js';

/** The public contract, file by file. @param root the project's folder. */
export function readSdl(root: string): string[] {
  const folder = path.join(root, 'schema');
  const files = readdirSync(folder).filter((name) => name.endsWith('.graphql'));
  return files.sort().map((name) => readFileSync(path.join(folder, name), 'utf8'));
}

/** The executable schema. @throws Error when a resolver has no field in the SDL. */
export function buildSchema(root: string): GraphQLSchema {
  const byType = { __resolveType: (value: { __typename?: string }) => value.__typename };
  const schema = makeExecutableSchema({
    typeDefs: readSdl(root),
    resolvers: [scalars, { Node: byType, Record: byType }, relationResolvers(graph), ...resolvers],
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
  });
  return guardRootFields(schema);
}
