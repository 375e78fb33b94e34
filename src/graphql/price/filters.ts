import { entityOf, type Entity, type Graph } from '../../db/graph.js';
import { rowsOf } from './sources.js';
import { BEYOND, ROW_WEIGHTS as PER_THOUSAND } from './weights.js';

/** Parts of a filter that are looked at: more than the page engine lets in (src/db/engine/limits.ts), which then refuses. */
const MOST_PARTS = 1_000;
const DEEPEST = 200;

const point = (name: keyof typeof PER_THOUSAND): number => PER_THOUSAND[name] / 1_000;

interface Reading {
  graph: Graph;
  parts: number;
}

/** Points a filter costs for each row it looks at. @param filter as the request brought it: nothing of it was checked. */
export function filterPrice(graph: Graph, entity: Entity, filter: unknown): number {
  if (!isObject(filter) || Object.keys(filter).length === 0) return 0;
  return Math.min(BEYOND, point('filter') + conditions({ graph, parts: 0 }, entity, filter, 0));
}

/** Points an order costs for each row: an indexed key costs nothing. */
export function orderPrice(graph: Graph, entity: Entity, orderBy: unknown): number {
  const keys = listed(orderBy).slice(0, 10).filter(isObject);
  return keys.reduce((sum: number, key) => sum + keyPrice(graph, entity, key, 0), 0);
}

function keyPrice(graph: Graph, entity: Entity, key: Input, depth: number): number {
  const [name = ''] = Object.keys(key);
  const relation = entity.toOne[name];
  const inner = key[name];
  if (relation && isObject(inner) && depth < DEEPEST)
    return point('hop') + point('sort') + keyPrice(graph, entityOf(graph, relation.entity), inner, depth + 1);
  return entity.orders.includes(name) || name in entity.stands ? 0 : point('sort');
}

type Input = Readonly<Record<string, unknown>>;

function conditions(reading: Reading, entity: Entity, filter: unknown, depth: number): number {
  if (!isObject(filter) || depth > DEEPEST) return 0;
  return Object.entries(filter).reduce((sum, [name, operand]) => {
    reading.parts += 1;
    return reading.parts > MOST_PARTS ? sum : sum + condition(reading, entity, name, operand, depth + 1);
  }, 0);
}

function condition(reading: Reading, entity: Entity, name: string, operand: unknown, depth: number): number {
  if (name === 'and' || name === 'or' || name === 'not')
    return listed(operand).reduce((sum: number, each) => sum + conditions(reading, entity, each, depth), 0);
  const toOne = entity.toOne[name];
  if (toOne) return point('hop') + conditions(reading, entityOf(reading.graph, toOne.entity), operand, depth);
  const toMany = entity.toMany[name];
  if (toMany) return some(reading, entity, entityOf(reading.graph, toMany.entity), operand, depth);
  return operators(operand);
}

/** `some`, `none`, `every`: in the worst case the whole list of each row. */
function some(reading: Reading, entity: Entity, target: Entity, operand: unknown, depth: number): number {
  if (!isObject(operand)) return 0;
  const average = Math.max(1, rowsOf(target) / rowsOf(entity));
  return Object.values(operand).reduce(
    (sum: number, inner) => sum + point('hop') + average * (point('filter') + conditions(reading, target, inner, depth)),
    0,
  );
}

function operators(operand: unknown): number {
  if (!isObject(operand)) return point('operator');
  const names = Object.keys(operand).slice(0, MOST_PARTS);
  return names.reduce((sum, name) => sum + (TEXT.includes(name) ? point('text') : point('operator')), 0);
}

const TEXT = ['contains', 'startsWith'];

function isObject(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** GraphQL takes a single item for a list of one. */
function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
