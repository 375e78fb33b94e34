import { defaultFieldResolver, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { PUBLIC_FIELDS, graph } from '../domain/index.js';
import { checkRootScope, rootScopes, type RootScope } from '../domain/root-scopes.js';
import type { GraphContext } from './context.js';

/** Puts the question of scopes in front of every root field that is not public, so that no resolver has to ask it. */
export function guardRootFields(schema: GraphQLSchema): GraphQLSchema {
  const scopes = rootScopes(graph);
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    if (type) guardFields(type, scopes);
  }
  return schema;
}

function guardFields(type: GraphQLObjectType, scopes: ReadonlyMap<string, RootScope>): void {
  for (const field of Object.values(type.getFields())) {
    const name = `${type.name}.${field.name}`;
    if (PUBLIC_FIELDS.includes(name)) continue;
    const needed = scopes.get(name);
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = (source, args, context: GraphContext, info) => {
      checkRootScope(context.caller, needed);
      return resolve(source, args, context, info);
    };
  }
}
