import { getNamedType, isObjectType, type GraphQLObjectType, type GraphQLResolveInfo } from 'graphql';
import { aheadOf, type Ahead, type AheadRelation } from '../../db/index.js';
import { entityOf, type Entity, type Graph } from '../../db/graph.js';
import { groupBy } from '../../lib/group-by.js';
import { planBelow, type FieldPlan, type ObjectPlan } from './plan.js';
import { executionOf, type Run } from './run.js';
import { argumentsOf, shapeOfRows } from './shape.js';

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
  const { fields } = run.plan.root;
  return fields.length === 1 && fields[0] === field && (planOf(run, field)?.fields.every(isOfPage) ?? false);
}

function isOfPage({ definition: { name } }: FieldPlan): boolean {
  return name === 'nodes' || name === 'pageInfo' || name === '__typename';
}

/** What an operation reads of a record that a field is being resolved to, as `aheadOfRows`. */
export function aheadOfRecord(info: GraphQLResolveInfo, entity: Entity, graph: Graph): Ahead | null {
  const execution = executionOf(info);
  return execution ? kept(execution.run, execution.field, () => recordOf(execution.run, execution.field, entity, graph)) : null;
}

/** What an operation reads of the groups that a field is being resolved to, and whether that is all it reads; null when graphql-js executes it. */
export function aheadOfGroups(info: GraphQLResolveInfo): { looksAt: readonly string[]; isAll: boolean } | null {
  const execution = executionOf(info);
  const plan = execution && planOf(execution.run, execution.field);
  if (!plan) return null;
  const { run, field } = execution;
  const { fields } = run.plan.root;
  const keys = plan.fields
    .filter(({ definition }) => definition.name === 'keys')
    .flatMap((key) => planOf(run, key)?.fields ?? []);
  const isAll = run.isAlone && fields.length === 1 && fields[0] === field && keys.every((key) => isIdOnly(run, key));
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

/** Without variables in it, it is the same each time the plan is executed. */
function kept(run: Run, field: FieldPlan, make: () => Ahead | null): Ahead | null {
  const shelf = variesBelow(run, field) ? run.ahead : run.plan.ahead;
  const known = shelf.get(field);
  if (known !== undefined) return known;
  const made = make();
  shelf.set(field, made);
  return made;
}

function variesBelow(run: Run, field: FieldPlan): boolean {
  const plan = planOf(run, field);
  if (!plan) return false;
  return (plan.varies ??= plan.fields.some((item) => item.usesVariables || variesBelow(run, item)));
}

/** The rows of a connection are its `nodes` and the `node` of its `edges`. */
function rowsOf(run: Run, field: FieldPlan, entity: Entity, graph: Graph): Ahead | null {
  return kept(run, field, () => rowsBelow(run, field, entity, graph));
}

function rowsBelow(run: Run, field: FieldPlan, entity: Entity, graph: Graph): Ahead | null {
  const connection = planOf(run, field);
  const parts = (plan: ObjectPlan | null, name: string): FieldPlan[] =>
    plan?.fields.filter(({ definition }) => definition.name === name) ?? [];
  const nodes = [
    ...parts(connection, 'nodes'),
    ...parts(connection, 'edges').flatMap((edges) => parts(planOf(run, edges), 'node')),
  ];
  const isRead = nodes.length > 0 || parts(connection, 'edges').length > 0 || parts(connection, 'pageInfo').length > 0;
  if (!isRead) return null;
  const rows = together(
    nodes.map((node) => recordOf(run, node, entity, graph)),
    entity,
  );
  const hasCursors = parts(connection, 'pageInfo').length > 0 || parts(connection, 'edges').length > 0;
  return { ...aheadOf(rows.fields, rows.relations, hasCursors), shape: shapeOfRows(run, connection, entity, graph) };
}

function recordOf(run: Run, field: FieldPlan, entity: Entity, graph: Graph): Ahead {
  const fields = planOf(run, field)?.fields ?? [];
  const relations = fields.flatMap((item) => relationOf(run, item, entity, graph) ?? []);
  const others = fields.filter(
    ({ definition: { name } }) => name !== '__typename' && !(name in entity.toOne) && !(name in entity.toMany),
  );
  const read = others.map((item) => readBy(item, entity));
  const named = read.every((names) => names !== null) ? [...new Set(read.flat())] : null;
  return aheadOf(named, onceEach(relations, entity));
}

/** The fields of the row that a field looks at; null: any of them, because a resolver of its own may. */
function readBy({ definition: { name, resolve } }: FieldPlan, entity: Entity): readonly string[] | null {
  const declared = entity.looksAt[name];
  if (declared) return declared;
  return !resolve && name in entity.fields ? [name] : null;
}

function relationOf(run: Run, field: FieldPlan, entity: Entity, graph: Graph): AheadRelation | null {
  const { name } = field.definition;
  const relation = entity.toOne[name] ?? entity.toMany[name];
  if (!relation) return null;
  const target = entityOf(graph, relation.entity);
  const below = name in entity.toOne ? recordOf(run, field, target, graph) : rowsOf(run, field, target, graph);
  const args = argumentsOf(run, field);
  return below && args ? { name, args, below, target } : null;
}

function planOf(run: Run, field: FieldPlan): ObjectPlan | null {
  const type = getNamedType(field.definition.type) as GraphQLObjectType | undefined;
  return isObjectType(type) ? planBelow(run.plan, field, type) : null;
}

function together(parts: Ahead[], entity: Entity): Ahead {
  const all = parts.some(({ fields }) => fields === null);
  const hasCursors = parts.some((part) => part.hasCursors);
  const relations = onceEach(
    parts.flatMap((part) => part.relations),
    entity,
  );
  return aheadOf(all ? null : [...new Set(parts.flatMap(({ fields }) => fields ?? []))], relations, hasCursors);
}

/** A record that several fields lead to is brought once, with what any of them reads; each list is one of its own. */
function onceEach(relations: AheadRelation[], entity: Entity): AheadRelation[] {
  const groups = groupBy(relations, ({ name, args }) => (name in entity.toOne ? name : args));
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (!first) return [];
    const { target } = first;
    return [
      {
        ...first,
        below:
          others.length === 0
            ? first.below
            : together(
                [first, ...others].map(({ below }) => below),
                target,
              ),
      },
    ];
  });
}
