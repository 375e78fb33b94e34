import type { IFieldResolver } from '@graphql-tools/utils';
import type { Deleted } from '../db/engine/scope.js';
import { entityOf, type Entity, type Graph } from '../db/graph.js';
import type { AggregateArgs, PageArgs } from '../db/index.js';
import { FOLLOWS } from './compiled/shape.js';
import { aheadOfGroups, aheadOfRecord, aheadOfRows, isNamedOnly } from './compiled/ahead.js';
import type { GraphContext } from './context.js';

type Field<Args> = IFieldResolver<{ id: string }, GraphContext, Args>;
type Fields = Record<string, Field<never> | { resolve: Field<never>; extensions: object }>;

type Plain = Record<string, Field<never>>;

/**
 * The resolvers that follow from the rooms' graphs: root fields, records in payloads, to-one and to-many relations. A relation
 * that a graph.ts declares is a field; no room writes one by hand.
 */
export function relationResolvers(graph: Graph): Record<string, Fields> {
  const resolvers: Record<string, Fields> = { Query: {} };
  for (const entity of graph.values()) {
    Object.assign(resolvers['Query'] ?? {}, rootFields(entity, graph));
    if (entity.payload) resolvers[`${entity.type}Payload`] = payloadField(entity, entity.payload, graph);
    resolvers[entity.type] = marked({ ...toOneFields(entity), ...toManyFields(entity, graph) });
    if (isGrouped(entity)) resolvers[`${entity.type}AggregateKeys`] = keyFields(entity);
  }
  return resolvers;
}

function rootFields(entity: Entity, graph: Graph): Fields {
  const { root, table } = entity;
  if (!root) return {};
  const one: Field<{ id: string; includeDeleted?: Deleted | null }> = (_, args, { reader }, info) =>
    reader.find(table, args.id, args.includeDeleted, aheadOfRecord(info, entity, graph));
  const many: Field<PageArgs> = (_, args, { reader }, info) =>
    reader.knowing(args, () => reader.page(table, args, aheadOfRows(info, entity, graph)));
  const aggregates: Field<PageArgs & AggregateArgs> = (_, { filter, includeDeleted, ...wanted }, { reader }, info) => {
    const ahead = aheadOfGroups(info);
    return reader.knowing({ filter }, () => reader.page(table, { filter, includeDeleted }).groups(wanted, ahead));
  };
  return { [root.one]: one, [root.many]: many, ...(isGrouped(entity) && { [`${root.one}Aggregates`]: aggregates }) };
}

/** The record that a change was about, deleted or not. */
function payloadField(entity: Entity, name: string, graph: Graph): Fields {
  const changed: Field<unknown> = ({ id }, _, { reader }, info) =>
    reader.find(entity.table, id, 'WITH', aheadOfRecord(info, entity, graph));
  return { [name]: changed };
}

function isGrouped({ groups }: Entity): boolean {
  return Object.keys(groups).length > 0;
}

/** The records that groups are about. A group's id is of a record that its caller sees (grouping.ts), so whoever asks for no more gets it as it is. */
function keyFields({ table, groups }: Entity): Fields {
  const relations = Object.values(groups).flatMap((grouping) => (grouping.by === 'record' ? [[grouping.relation, true]] : []));
  return mapKeys(
    Object.fromEntries(relations) as object,
    (name): Field<unknown> =>
      (keys, _, { reader }, info) =>
        isNamedOnly(info) ? reader.named(table, name, keys) : reader.one(table, name, keys),
  );
}

function toOneFields({ table, toOne }: Entity): Plain {
  return mapKeys(
    toOne,
    (name): Field<unknown> =>
      (row, _, { reader }) =>
        reader.one(table, name, row),
  );
}

function toManyFields({ table, toMany }: Entity, graph: Graph): Plain {
  const listed = (name: string): Entity => entityOf(graph, toMany[name]?.entity ?? '');
  return mapKeys(
    toMany,
    (name): Field<PageArgs> =>
      (row, args, { reader }, info) =>
        reader.knowing(args, () => reader.many(table, name, row, args, () => aheadOfRows(info, listed(name), graph))),
  );
}

/** So that PostgreSQL may follow them in the resolvers' stead. */
function marked(fields: Plain): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, resolve]) => [name, { resolve, extensions: FOLLOWS }]));
}

function mapKeys(relations: object, make: (name: string) => Field<never>): Plain {
  return Object.fromEntries(Object.keys(relations).map((name) => [name, make(name)]));
}
