import { getNamedType, getNullableType, isEnumType, isListType, type GraphQLObjectType } from 'graphql';
import { canWrite, type ListPart, type Shape, type ShapePart } from '../../db/index.js';
import { entityOf, kindOf, type Entity, type Graph, type Kind } from '../../db/graph.js';
import { canonical } from '../../lib/canonical.js';
import { planBelow, recordPlan, type FieldPlan, type ObjectPlan } from './plan.js';
import { argsIn, type Run } from './run.js';

/** Marks fields whose resolver does nothing but follow a relation, so that PostgreSQL may follow it in its stead. */
export const FOLLOWS = { followsRelation: true };

/** Parts of a connection that are made of its ends, or of the whole list: they need no row. */
const BESIDE_ROWS = new Set(['pageInfo', 'totalCount', 'totals', 'aggregates', '__typename']);

/** What the rows of a connection look like in the answer; null when anything of them is for resolvers to say. */
export function shapeOfRows(run: Run, connection: ObjectPlan | null, entity: Entity, graph: Graph): Shape | null {
  const nodes = connection?.fields.filter(({ definition }) => definition.name === 'nodes') ?? [];
  const others = connection?.fields.filter(({ definition }) => definition.name !== 'nodes') ?? [];
  const [rows] = nodes;
  if (!rows || nodes.length > 1 || !others.every(({ definition }) => BESIDE_ROWS.has(definition.name))) return null;
  return shapeOf(run, rows, entity, graph);
}

/** What the record that a field leads to looks like in the answer; null when anything of it is for resolvers to say. */
export function shapeOf(run: Run, field: FieldPlan, entity: Entity, graph: Graph): Shape | null {
  const parts: ShapePart[] = [];
  for (const item of recordPlan(run.plan, field, entity).fields) {
    const part = partOf(run, item, entity, graph);
    if (!part) return null;
    parts.push(part);
  }
  return { parts, name: `{${parts.map(nameOf).join(' ')}}` };
}

/**
 * Whether a record is read whole by the statement that reads it: no field asks on, and of relations there are only records, which come
 * along or are refused.
 */
export function isWithoutLists(shape: Shape | null): boolean {
  return shape?.parts.every((part) => part.is !== 'list' && (part.is !== 'record' || isWithoutLists(part.shape))) ?? false;
}

function nameOf(part: ShapePart): string {
  switch (part.is) {
    case 'constant':
      return `${part.key}=${part.json}`;
    case 'field':
      return `${part.key}:${part.field}`;
    case 'record':
      return `${part.key}:${part.relation}${part.shape.name}`;
    case 'list': {
      const keys = part.connection.map(({ key, ...what }) => `${key}=${'json' in what ? what.json : ''}`);
      return `${part.key}:${part.relation} ${canonical(part.args)} [${keys.join(' ')}]${part.shape.name}`;
    }
  }
}

function partOf(run: Run, field: FieldPlan, entity: Entity, graph: Graph): ShapePart | null {
  const { key, definition, isRequired, parentType } = field;
  const { name, extensions } = definition;
  if (name === '__typename') return { is: 'constant', key, json: JSON.stringify(parentType.name) };
  const relation = entity.toOne[name] ?? entity.toMany[name];
  if (!relation) return isWritten(field, entity) ? { is: 'field', key, field: name } : null;
  if (extensions['followsRelation'] !== FOLLOWS.followsRelation) return null;
  const target = entityOf(graph, relation.entity);
  if (name in entity.toMany) return listOf(run, field, target, graph);
  const shape = shapeOf(run, field, target, graph);
  return shape && { is: 'record', key, relation: name, target, isRequired, shape };
}

/** A list below a row: only rows can be asked of it, because cursors are sealed here. */
function listOf(run: Run, field: FieldPlan, target: Entity, graph: Graph): ListPart | null {
  const type = getNamedType(field.definition.type) as GraphQLObjectType;
  const { fields } = planBelow(run.plan, field, type);
  const isPlain = fields.every(({ definition: { name } }) => name === 'nodes' || name === '__typename');
  const shape = isPlain ? shapeOfRows(run, { type, fields }, target, graph) : null;
  const args = shape && argumentsOf(run, field);
  if (!shape || !args) return null;
  const connection = fields.map(({ key, definition }) =>
    definition.name === 'nodes'
      ? { is: 'rows' as const, key }
      : { is: 'constant' as const, key, json: JSON.stringify(type.name) },
  );
  return { is: 'list', key: field.key, relation: field.definition.name, target, args, connection, shape };
}

/** Null for arguments that are refused: the field itself will say so. */
export function argumentsOf(run: Run, field: FieldPlan): object | null {
  try {
    return argsIn(run, field);
  } catch {
    return null;
  }
}

/** Kinds of fields whose text is, in each scalar, the value that PostgreSQL has. */
const SAME_IN: Readonly<Record<string, readonly Kind[]>> = {
  ID: ['uuid'],
  String: ['text'],
  CurrencyCode: ['text'],
  TimeZone: ['text'],
  Decimal: ['decimal'],
  Int: ['integer'],
  Boolean: ['boolean'],
  DateTime: ['timestamp'],
  LocalDate: ['date'],
};

/** Whether PostgreSQL writes a field as its resolver and its scalar do; null where it must not be is theirs to tell. */
function isWritten({ definition, isRequired }: FieldPlan, entity: Entity): boolean {
  const { name, resolve, args } = definition;
  if (args.length > 0 || !canWrite(entity, name)) return false;
  if (name in entity.written) return true;
  const { kind, nullable } = kindOf(entity, name);
  if (resolve || (isRequired && nullable)) return false;
  const type = getNullableType(definition.type);
  if (isListType(type)) return kind === 'tags' && String(getNullableType(type.ofType)) === 'String';
  return isEnumType(type) ? kind === 'enum' : (SAME_IN[String(type)]?.includes(kind) ?? false);
}
