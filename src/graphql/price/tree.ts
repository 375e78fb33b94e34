import {
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import { argumentOf, type Argument } from './arguments.js';
import type { Definition, Source, SourceOf } from './sources.js';

type Variables = Readonly<Record<string, unknown>>;

/** A field that costs something, with all that follows from document and schema alone. */
export interface Part {
  key: string;
  node: FieldNode;
  source: Source;
  first: Argument;
  last: Argument;
  filter: Argument;
  orderBy: Argument;
  /** Whether a connection reads rows, and not only counts them. */
  readsRows: boolean;
  /** What is selected below it, by the type of the object it turns out to be; most have one. */
  below: readonly (readonly Part[])[];
}

/** What an operation may cost, made ready to be worked out for any variables. */
export interface Tree {
  parts: readonly Part[];
  /** Whether variables change the price. */
  varies: boolean;
}

/** Fields with something below them at most: each of them is an object in the answer or two, so that more could never fit. */
const MOST_PARTS = 20_000;

interface Growing {
  schema: GraphQLSchema;
  sourceOf: SourceOf;
  fragments: Record<string, FragmentDefinitionNode>;
  variables: Variables;
  count: number;
  varies: boolean;
}

/** Variables that decide which fields are part of an answer. */
export function conditionNames(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive: ({ name, arguments: args = [] }) => {
      if (name.value !== 'skip' && name.value !== 'include') return;
      for (const { value } of args) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}

/**
 * The price tree of an operation; null for one that has too many fields to be priced at all.
 *
 * @param variables the values of those that `@skip` and `@include` depend on.
 */
export function treeOf(
  schema: GraphQLSchema,
  sourceOf: SourceOf,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): Tree | null {
  const fragments = Object.create(null) as Growing['fragments'];
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  const type = schema.getRootType(operation.operation);
  if (!type) return { parts: [], varies: false };
  const growing: Growing = { schema, sourceOf, fragments, variables, count: 0, varies: false };
  const fields = attempt(() => collectFields(schema, fragments, variables, type, operation.selectionSet));
  const parts = partsOf(growing, type, fields);
  return growing.count > MOST_PARTS ? null : { parts, varies: growing.varies };
}

type Fields = ReadonlyMap<string, readonly FieldNode[]>;

/** A condition whose value is no Boolean fails where it stands: the execution reads nothing there either. */
function attempt(collect: () => Fields): Fields {
  try {
    return collect();
  } catch {
    return new Map();
  }
}

function partsOf(growing: Growing, type: GraphQLObjectType, fields: Fields): Part[] {
  const parts: Part[] = [];
  for (const [key, nodes] of fields) {
    const [node] = nodes;
    const definition = node && definitionOf(growing.schema, type, node.name.value);
    if (!definition || growing.count > MOST_PARTS) continue;
    const source = growing.sourceOf(type, definition);
    if (source.shape === 'leaf' && source.each + source.once === 0) continue;
    growing.count += 1;
    parts.push(partOf(growing, key, nodes, node, definition, source));
  }
  return parts;
}

function partOf(
  growing: Growing,
  key: string,
  nodes: readonly FieldNode[],
  node: FieldNode,
  definition: Definition,
  source: Source,
): Part {
  const read = (name: string): Argument => {
    const argument = argumentOf(node, name);
    growing.varies ||= argument.varies;
    return argument;
  };
  const below =
    source.shape === 'leaf' ? [] : possibleTypes(growing.schema, definition).map((type) => selectedOf(growing, type, nodes));
  return {
    key,
    node,
    source,
    first: read('first'),
    last: read('last'),
    filter: read('filter'),
    orderBy: read('orderBy'),
    readsRows: below.some((each) => ['nodes', 'edges', 'pageInfo'].some((name) => each.names.has(name))),
    below: below.map(({ parts }) => parts).filter(({ length }) => length > 0),
  };
}

interface Selected {
  names: ReadonlySet<string>;
  parts: Part[];
}

function selectedOf(growing: Growing, type: GraphQLObjectType, nodes: readonly FieldNode[]): Selected {
  const { schema, fragments, variables } = growing;
  const fields = attempt(() => collectSubfields(schema, fragments, variables, type, nodes));
  const names = new Set([...fields.values()].flatMap(([node]) => (node ? [node.name.value] : [])));
  return { names, parts: partsOf(growing, type, fields) };
}

function possibleTypes(schema: GraphQLSchema, { type }: Definition): readonly GraphQLObjectType[] {
  const named = getNamedType(type);
  if (isAbstractType(named)) return schema.getPossibleTypes(named);
  return isObjectType(named) ? [named] : [];
}

function definitionOf(schema: GraphQLSchema, type: GraphQLObjectType, name: string): Definition | undefined {
  if (type === schema.getQueryType() && name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
  if (type === schema.getQueryType() && name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  return type.getFields()[name];
}
