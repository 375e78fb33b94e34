import {
  getDirectiveValues,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import { entityOf, type Entity, type Graph, type ToMany } from '../../db/graph.js';
import { LONGEST_LIST, ROW_WEIGHTS, ROWS, WEIGHTS } from './weights.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- graphql-js types a schema's fields so
export type Definition = GraphQLField<any, any>;

/** A stored list: how many rows the longest of its kind and all of them together are taken to have. */
export interface StoredList {
  entity: Entity;
  longest: number;
  rows: number;
}

/** What of a field's price follows from the schema and the rooms' graphs. */
export interface Source {
  /** Nothing below it; one object; a list of an assumed size; a connection; the rows of the connection above. */
  shape: 'leaf' | 'one' | 'list' | 'page' | 'rows';
  /** Points of each object. */
  object: number;
  /** Of a list. */
  size: number;
  /** Points once, however often it stands in the answer. */
  once: number;
  /** Points for each object it is asked of. */
  each: number;
  /** Points for each row of the list: its own, or that of the connection it belongs to. */
  row: number;
  /** The rows it filters and orders. */
  list: StoredList | null;
  /** Whether the same record may stand below several objects that differ. */
  isShared: boolean;
}

/** @see Source */
export type SourceOf = (type: GraphQLObjectType, field: Definition) => Source;

const NOTHING: Source = { shape: 'leaf', object: 0, size: 0, once: 0, each: 0, row: 0, list: null, isShared: false };

/** Looks fields up; each is worked out once. */
export function sourcesOf(schema: GraphQLSchema, graph: Graph): SourceOf {
  const known = new Map<Definition, Source>();
  const entities = new Map([...graph.values()].map((entity) => [entity.type, entity]));
  return (type, field) => {
    const found = known.get(field);
    if (found) return found;
    const source = withDirectives(schema, field, sourceOf(schema, graph, entities, type, field));
    known.set(field, source);
    return source;
  };
}

function sourceOf(
  schema: GraphQLSchema,
  graph: Graph,
  entities: ReadonlyMap<string, Entity>,
  type: GraphQLObjectType,
  field: Definition,
): Source {
  if (field.name === '__schema' || field.name === '__type') return { ...NOTHING, each: WEIGHTS.schema };
  const isConnection = type.name.endsWith('Connection');
  if (isConnection && field.name in WHOLE) return whole(field, WHOLE[field.name] ?? 0);
  const named = getNamedType(field.type);
  if (!isCompositeType(named)) return NOTHING;
  const object = isRecord(named) ? WEIGHTS.record : WEIGHTS.value;
  const source: Source = { ...NOTHING, shape: 'one', object, isShared: object === WEIGHTS.record && !type.name.endsWith('Edge') };
  if (type === schema.getMutationType()) return { ...source, each: WEIGHTS.mutation };
  if (isConnection && (field.name === 'nodes' || field.name === 'edges')) return { ...source, shape: 'rows', isShared: false };
  if (named.name.endsWith('Connection')) return pageOf(source, graph, entities, type, field);
  if (isListType(getNullableType(field.type))) {
    const isShared = !isOwnedBy(entities.get(named.name), entities.get(type.name));
    return { ...source, shape: 'list', isShared, ...chosenBy(field, entities) };
  }
  if (entities.get(type.name)?.toOne[field.name]) return { ...source, once: WEIGHTS.relation };
  return { ...source, ...chosenBy(field, entities) };
}

/** Figures of the whole list of a connection. */
const WHOLE: Readonly<Record<string, number>> = {
  totalCount: ROW_WEIGHTS.count,
  totals: ROW_WEIGHTS.totals,
  aggregates: ROW_WEIGHTS.groups,
};

function whole(field: Definition, perThousand: number): Source {
  const isLeaf = !isCompositeType(getNamedType(field.type));
  const source: Source = { ...NOTHING, once: WEIGHTS.connection, row: perThousand / 1_000 };
  return isLeaf ? source : { ...source, shape: 'list', object: WEIGHTS.value };
}

/** Reports and aggregates read all rows of a table that their filter chooses. */
function chosenBy(field: Definition, entities: ReadonlyMap<string, Entity>): Partial<Source> {
  const filter = field.args.find(({ name }) => name === 'filter');
  const entity = filter && entities.get(getNamedType(filter.type).name.replace(/Filter$/, ''));
  if (!entity) return {};
  const isGrouped = field.name === `${entity.root?.one}Aggregates`;
  return { once: WEIGHTS.connection, row: isGrouped ? ROW_WEIGHTS.groups / 1_000 : 0, list: wholeTable(entity) };
}

function pageOf(
  source: Source,
  graph: Graph,
  entities: ReadonlyMap<string, Entity>,
  type: GraphQLObjectType,
  field: Definition,
): Source {
  const page: Source = { ...source, shape: 'page', once: WEIGHTS.connection, each: WEIGHTS.page };
  const relation = entities.get(type.name)?.toMany[field.name];
  const listed = relation
    ? entityOf(graph, relation.entity)
    : [...entities.values()].find(({ root }) => root?.many === field.name && type.name === 'Query');
  if (!listed) return { ...page, isShared: true };
  const parent = entities.get(type.name);
  return { ...page, list: relation && parent ? listOf(parent, relation, listed) : wholeTable(listed), isShared: !relation?.key };
}

/** A list of the records of another one: most are short, and together they are no longer than the table. */
function listOf(parent: Entity, { key }: ToMany, entity: Entity): StoredList {
  const rows = rowsOf(entity);
  if (key === null) return wholeTable(entity);
  const average = rows / rowsOf(parent);
  return { entity, rows, longest: Math.min(rows, Math.max(LONGEST_LIST.least, Math.ceil(LONGEST_LIST.times * average))) };
}

function wholeTable(entity: Entity): StoredList {
  return { entity, rows: rowsOf(entity), longest: rowsOf(entity) };
}

/** Rows of a table; of one that the list of sizes does not name (a test wants it to), a middling number. */
export function rowsOf({ table }: Entity): number {
  return ROWS[table] ?? 1_000;
}

function isRecord(type: ReturnType<typeof getNamedType>): boolean {
  return (isObjectType(type) || isInterfaceType(type)) && 'id' in type.getFields();
}

/** A pipeline's stages are no other pipeline's: they refer to theirs. */
function isOwnedBy(item: Entity | undefined, owner: Entity | undefined): boolean {
  return owner !== undefined && Object.values(item?.toOne ?? {}).some(({ entity }) => entity === owner.table);
}

/** Of a list whose size the SDL does not say; a test wants it to. */
const SOME = 100;

/** `@cost` and `@listSize` in the SDL. */
function withDirectives(schema: GraphQLSchema, field: Definition, source: Source): Source {
  const read = (name: string): Record<string, unknown> | undefined => {
    const directive = schema.getDirective(name);
    return directive && field.astNode ? getDirectiveValues(directive, field.astNode) : undefined;
  };
  const weight = read('cost')?.['weight'] as number | undefined;
  const size = read('listSize')?.['assumedSize'] as number | undefined;
  return { ...source, each: source.each + (weight ?? 0), size: size ?? SOME };
}
