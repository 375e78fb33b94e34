import type { IFieldResolver } from '@graphql-tools/utils';
import type { Deleted } from '../db/engine/scope.js';
import type { Entity, Graph } from '../db/graph.js';
import type { PageArgs } from '../db/index.js';
import type { GraphContext } from './context.js';

type Field<Args> = IFieldResolver<{ id: string }, GraphContext, Args>;
type Fields = Record<string, Field<never>>;

/**
 * The resolvers that follow from the rooms' graphs: root fields, to-one and to-many relations. A relation that a graph.ts
 * declares is a field; no room writes one by hand.
 */
export function relationResolvers(graph: Graph): Record<string, Fields> {
  const resolvers: Record<string, Fields> = { Query: {} };
  for (const entity of graph.values()) {
    Object.assign(resolvers['Query'] ?? {}, rootFields(entity));
    resolvers[entity.type] = { ...toOneFields(entity), ...toManyFields(entity) };
  }
  return resolvers;
}

function rootFields({ root, table }: Entity): Fields {
  if (!root) return {};
  const one: Field<{ id: string; includeDeleted?: Deleted | null }> = (_, args, { reader }) =>
    reader.find(table, args.id, args.includeDeleted);
  const many: Field<PageArgs> = (_, args, { reader }) => reader.page(table, args);
  return { [root.one]: one, [root.many]: many };
}

function toOneFields({ table, toOne }: Entity): Fields {
  return mapKeys(
    toOne,
    (name): Field<unknown> =>
      (row, _, { reader }) =>
        reader.one(table, name, row),
  );
}

function toManyFields({ table, toMany }: Entity): Fields {
  return mapKeys(
    toMany,
    (name): Field<PageArgs> =>
      (row, args, { reader }) =>
        reader.many(table, name, row, args),
  );
}

function mapKeys(relations: object, make: (name: string) => Field<never>): Fields {
  return Object.fromEntries(Object.keys(relations).map((name) => [name, make(name)]));
}
