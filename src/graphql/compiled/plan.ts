import {
  getArgumentValues,
  getNamedType,
  getNullableType,
  isLeafType,
  isNonNullType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import type { Entity } from '../../db/graph.js';

type Variables = Record<string, unknown>;
type Arguments = Record<string, unknown>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- graphql-js types a schema's fields so: what a parent and a context are, the schema does not know
type Definition = GraphQLField<any, any>;

/** One field of a selection, with all that follows from document and schema alone. */
export interface FieldPlan {
  /** Its name in the answer. */
  key: string;
  nodes: readonly FieldNode[];
  definition: Definition;
  parentType: GraphQLObjectType;
  /** Its type, when a value is written as it is: the most frequent case by far. */
  leaf: GraphQLLeafType | null;
  isRequired: boolean;
  /** Whether its resolver looks at the fourth argument. */
  wantsInfo: boolean;
  /** The arguments, when no variable is in them. */
  constant: Arguments | null;
  usesVariables: boolean;
  /** The selection below it, by the type of the object it turns out to be. */
  below: Map<GraphQLObjectType, ObjectPlan>;
}

/** The fields that are to be read of an object of one type. */
export interface ObjectPlan {
  type: GraphQLObjectType;
  fields: readonly FieldPlan[];
  /** Whether arguments in it have variables; undefined until somebody has looked. */
  varies?: boolean;
}

/** An operation made ready to be executed many times. */
export interface OperationPlan {
  schema: GraphQLSchema;
  operation: OperationDefinitionNode;
  fragments: Record<string, FragmentDefinitionNode>;
  /** The values of the variables that its `@skip` and `@include` depend on. */
  conditions: Variables;
  root: ObjectPlan;
  /** What is read ahead of what a field leads to, where no variable decides it. */
  ahead: Map<FieldPlan, unknown>;
}

/** The operation that a request means; undefined when there is none, or several: graphql-js then says why. */
export function operationOf(document: DocumentNode, name: string | null | undefined): OperationDefinitionNode | undefined {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const named = name ? operations.filter((operation) => operation.name?.value === name) : operations;
  return named.length === 1 ? named[0] : undefined;
}

/** Variables that decide which fields are part of an answer. */
export function conditionNames(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive: ({ arguments: args = [] }) => {
      for (const { value } of args) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}

/** @see OperationPlan. @param type of the root: what queries, or mutations, are asked of. */
export function planOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  type: GraphQLObjectType,
  conditions: Variables,
): OperationPlan {
  const fragments = Object.create(null) as OperationPlan['fragments'];
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  const fields = collectFields(schema, fragments, conditions, type, operation.selectionSet);
  return { schema, operation, fragments, conditions, root: objectPlan(schema, type, fields), ahead: new Map() };
}

/** The selection below a field for an object of a type; made when the first such object is met. */
export function planBelow(plan: OperationPlan, field: FieldPlan, type: GraphQLObjectType): ObjectPlan {
  const known = field.below.get(type);
  if (known) return known;
  const fields = collectSubfields(plan.schema, plan.fragments, plan.conditions, type, field.nodes);
  const made = objectPlan(plan.schema, type, fields);
  field.below.set(type, made);
  return made;
}

/** The selection below a field for a record, which it leads to always or among others. */
export function recordPlan(plan: OperationPlan, field: FieldPlan, { type }: Pick<Entity, 'type'>): ObjectPlan {
  const declared = getNamedType(field.definition.type);
  const found = isObjectType(declared) ? declared : plan.schema.getType(type);
  if (!isObjectType(found)) throw new Error(`The schema has no type ${type}.`);
  return planBelow(plan, field, found);
}

/** A field's arguments. @throws GraphQLError for a value that does not fit, as graphql-js finds it. */
export function argumentsOf(field: FieldPlan, variables: Variables): Arguments {
  const [node] = field.nodes;
  if (!node) throw new Error('A field stands somewhere in the document.');
  if (field.usesVariables) return getArgumentValues(field.definition, node, variables);
  return (field.constant ??= Object.freeze(getArgumentValues(field.definition, node, variables)));
}

function objectPlan(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  selected: ReadonlyMap<string, readonly FieldNode[]>,
): ObjectPlan {
  const fields = [...selected].flatMap(([key, nodes]) => {
    const definition = definitionOf(schema, type, nodes[0]?.name.value ?? '');
    return definition ? [fieldPlan(type, key, nodes, definition)] : [];
  });
  return { type, fields };
}

function fieldPlan(parentType: GraphQLObjectType, key: string, nodes: readonly FieldNode[], definition: Definition): FieldPlan {
  return {
    key,
    nodes,
    definition,
    parentType,
    leaf: isLeafType(getNullableType(definition.type)) ? (getNullableType(definition.type) as GraphQLLeafType) : null,
    isRequired: isNonNullType(definition.type),
    wantsInfo: (definition.resolve?.length ?? 0) > 3,
    constant: null,
    usesVariables: hasVariable(nodes[0]),
    below: new Map(),
  };
}

function hasVariable(node: FieldNode | undefined): boolean {
  let found = false;
  for (const argument of node?.arguments ?? []) visit(argument, { Variable: () => void (found = true) });
  return found;
}

function definitionOf(schema: GraphQLSchema, type: GraphQLObjectType, name: string): Definition | undefined {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  if (isObjectType(type) && type === schema.getQueryType()) {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  }
  return type.getFields()[name];
}
