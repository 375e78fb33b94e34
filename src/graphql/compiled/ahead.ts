import type { GraphQLResolveInfo } from 'graphql';
import { aheadOf, type Ahead, type HitsAhead } from '../../db/index.js';
import { entityOf, type Entity, type Graph } from '../../db/graph.js';
import type { FieldPlan, ObjectPlan } from './plan.js';
import { kept, nodesOf, partsOf, planOf, recordOf, rowsOf, together } from './reading.js';
import { executionOf, type Run } from './run.js';
import { isWithoutLists, shapeOf } from './shape.js';

/**
 * What an operation reads of the rows of a connection field that is being resolved, relations and theirs included; null when
 * graphql-js executes it, or when only counts are asked for.
 */
export function aheadOfRows(info: GraphQLResolveInfo, entity: Entity, graph: Graph): Ahead | null {
  const execution = executionOf(info);
  if (!execution) return null;
  const { run, field } = execution;
  const ahead = rowsOf(run, field, entity, graph);
  // Rows of one field share it: that is how the loaders know that they ask for the same.
  return ahead && run.isAlone && isAll(run, field) ? { ...ahead, isAll: true } : ahead;
}

/** Whether a connection is all of its operation, and its page all that is read for it. */
function isAll(run: Run, field: FieldPlan): boolean {
  return onlyField(run.plan.root) === field && (planOf(run, field)?.fields.every(isOfPage) ?? false);
}

function isOfPage({ definition: { name } }: FieldPlan): boolean {
  return name === 'nodes' || name === 'pageInfo' || name === '__typename';
}

/** What an operation reads of a record that a field is being resolved to, as `aheadOfRows`. */
export function aheadOfRecord(info: GraphQLResolveInfo, entity: Entity, graph: Graph): Ahead | null {
  const execution = executionOf(info);
  if (!execution) return null;
  const { run, field } = execution;
  const { ahead, isPlain } = recordAhead(run, field, entity, graph);
  return isPlain && run.isAlone && onlyField(run.plan.root) === field ? { ...ahead, isAll: true } : ahead;
}

/**
 * The record that the payload of a mutation field shows, where that is all it shows and nobody needs to look at it; null when there is more to it,
 * or when graphql-js executes it.
 */
export function aheadOfPayload(info: GraphQLResolveInfo, graph: Graph): { table: string; ahead: Ahead } | null {
  const execution = executionOf(info);
  if (!execution) return null;
  const { run, field } = execution;
  return kept(run, field, () => {
    const payload = planOf(run, field);
    const shown = payload && onlyField(payload);
    const entity = [...graph.values()].find(({ type }) => payload?.type.name === `${type}Payload`);
    if (!shown || shown.definition.name !== entity?.payload) return null;
    const { ahead, isPlain } = recordAhead(run, shown, entity, graph);
    return isPlain ? { table: entity.table, ahead } : null;
  });
}

function recordAhead(run: Run, field: FieldPlan, entity: Entity, graph: Graph): { ahead: Ahead; isPlain: boolean } {
  return kept(run, field, () => ({
    ahead: recordOf(run, field, entity, graph),
    isPlain: isWithoutLists(shapeOf(run, field, entity, graph)),
  }));
}

function onlyField({ fields }: ObjectPlan): FieldPlan | null {
  const [only, ...others] = fields.filter(({ definition }) => definition.name !== '__typename');
  return only && others.length === 0 ? only : null;
}

/** What an operation reads of the hits of a field (SDL type SearchConnection), whose records are of several tables. */
export function aheadOfHits(info: GraphQLResolveInfo, tables: readonly string[], graph: Graph): HitsAhead {
  const execution = executionOf(info);
  const all = aheadOf(null, []);
  if (!execution) return { records: new Map(tables.map((table) => [table, all])), asksFor: () => true, isAll: false };
  const { run, field } = execution;
  const entities = tables.map((table) => entityOf(graph, table));
  const { isPlain, ...hits } = kept(run, field, () => hitsOf(run, field, entities, graph));
  return { ...hits, isAll: isPlain && run.isAlone && onlyField(run.plan.root) === field };
}

function hitsOf(run: Run, field: FieldPlan, entities: Entity[], graph: Graph): Omit<HitsAhead, 'isAll'> & { isPlain: boolean } {
  const connection = planOf(run, field);
  const nodes = nodesOf(run, connection);
  const edges = partsOf(connection, 'edges').map((edge) => planOf(run, edge));
  const readOf = (entity: Entity): Ahead =>
    together(
      nodes.map((node) => recordOf(run, node, entity, graph)),
      entity,
    );
  return {
    records: new Map(entities.map((entity) => [entity.table, readOf(entity)])),
    asksFor: (name) => edges.some((edge) => partsOf(edge, name).length > 0),
    isPlain: entities.every((entity) => nodes.every((node) => isWithoutLists(shapeOf(run, node, entity, graph)))),
  };
}

/** What an operation reads of the groups that a field is being resolved to, and whether that is all it reads; null when graphql-js executes it. */
export function aheadOfGroups(info: GraphQLResolveInfo): { looksAt: readonly string[]; isAll: boolean } | null {
  const execution = executionOf(info);
  const plan = execution && planOf(execution.run, execution.field);
  if (!plan) return null;
  const { run, field } = execution;
  const keys = plan.fields
    .filter(({ definition }) => definition.name === 'keys')
    .flatMap((key) => planOf(run, key)?.fields ?? []);
  const isAll = run.isAlone && onlyField(run.plan.root) === field && keys.every((key) => isIdOnly(run, key));
  return { looksAt: [...new Set(plan.fields.map(({ definition }) => definition.name))], isAll };
}

/** Whether nothing but the id of a record is read, so that it need not be looked up; a leaf has nothing below. */
export function isNamedOnly(info: GraphQLResolveInfo): boolean {
  const execution = executionOf(info);
  return execution ? isIdOnly(execution.run, execution.field) : false;
}

function isIdOnly(run: Run, field: FieldPlan): boolean {
  return planOf(run, field)?.fields.every(({ definition: { name } }) => name === 'id' || name === '__typename') ?? true;
}
