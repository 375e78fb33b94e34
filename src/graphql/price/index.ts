import { Kind, valueFromASTUntyped, type DocumentNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import type { Graph } from '../../db/graph.js';
import { answered } from './answer.js';
import { assumed, pointsOf, type Pricing } from './evaluate.js';
import { tooCostly } from './refusal.js';
import { sourcesOf } from './sources.js';
import { conditionNames, treeOf, type Tree } from './tree.js';
import { BEYOND } from './weights.js';

/** What a request asks for. */
export interface PricedRequest {
  document: DocumentNode;
  operation: OperationDefinitionNode;
  variables: Readonly<Record<string, unknown>>;
}

/** What an operation costs. */
export interface Price {
  /** Points at most, whatever the database holds. */
  requested: number;
  /** Points of an answer: as if it had been known beforehand how many rows there are. */
  actual(data: unknown): number;
  /** @throws GraphQLError COST_LIMITED when it may cost more than `limit`. */
  check(limit: number): void;
}

/** Ways the conditions of one document may come out and be kept. */
const MOST_TREES = 16;

/** Of one operation of a document. */
interface Known {
  conditions: readonly string[];
  defaults: Readonly<Record<string, unknown>>;
  trees: Map<string, Priced>;
}

interface Priced {
  tree: Tree | null;
  /** Where no variable changes it. */
  requested: number | null;
}

/**
 * Prices operations. What follows from the document is kept with it (Apollo Server keeps parsed documents, and both are forgotten
 * together); a request then costs as much time as it has connections.
 */
export function pricer(schema: GraphQLSchema, graph: Graph): (request: PricedRequest) => Price {
  const sourceOf = sourcesOf(schema, graph);
  const known = new WeakMap<OperationDefinitionNode, Known>();
  const pricedOf = ({ document, operation, variables }: PricedRequest, { conditions, trees }: Known): Priced => {
    // What is neither is refused when variables are looked at.
    const values = Object.fromEntries(conditions.map((name) => [name, variables[name] === true]));
    const key = conditions.map((name) => (values[name] ? '1' : '0')).join('');
    const found = trees.get(key);
    if (found) return found;
    const priced: Priced = { tree: treeOf(schema, sourceOf, document, operation, values), requested: null };
    if (trees.size < MOST_TREES) trees.set(key, priced);
    return priced;
  };
  return (request) => {
    const { document, operation } = request;
    const about = known.get(operation) ?? {
      conditions: conditionNames(document),
      defaults: defaultsOf(operation),
      trees: new Map(),
    };
    known.set(operation, about);
    const variables = { ...about.defaults, ...request.variables };
    const priced = pricedOf({ ...request, variables }, about);
    return priceOf(priced, { graph, variables });
  };
}

function priceOf(priced: Priced, pricing: Pricing): Price {
  const { tree } = priced;
  const requested = priced.requested ?? (tree ? whole(pointsOf(tree, assumed(1), pricing)) : BEYOND);
  if (!tree?.varies) priced.requested = requested;
  return {
    requested,
    actual: (data) => (tree && isAnswer(data) ? Math.min(requested, whole(pointsOf(tree, answered([data]), pricing))) : 0),
    check: (limit) => {
      if (requested > limit) throw tooCostly(tree, pricing, requested, limit);
    },
  };
}

function isAnswer(data: unknown): data is object {
  return typeof data === 'object' && data !== null;
}

/** At least one: nothing is for nothing. */
function whole(points: number): number {
  return Math.max(1, Math.ceil(points));
}

function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Record<string, unknown> {
  return Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue && defaultValue.kind !== Kind.NULL ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [],
    ),
  );
}
