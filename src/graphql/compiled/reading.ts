import { getNamedType, isAbstractType, isObjectType } from 'graphql';
import { aheadOf, type Ahead, type AheadRelation } from '../../db/index.js';
import { entityOf, type Entity, type Graph } from '../../db/graph.js';
import { groupBy } from '../../lib/group-by.js';
import { planBelow, recordPlan, type FieldPlan, type ObjectPlan } from './plan.js';
import type { Run } from './run.js';
import { argumentsOf, shapeOfRows } from './shape.js';

/** What the plan of an operation says about what it reads (graphql/compiled/ahead.ts). */

/** Without variables in it, it is the same each time the plan is executed. */
export function kept<Made>(run: Run, field: FieldPlan, make: () => Made): Made {
  const shelf = variesBelow(run, field) ? run.ahead : run.plan.ahead;
  const known = shelf.get(field);
  if (known !== undefined) return known as Made;
  const made = make();
  shelf.set(field, made);
  return made;
}

function variesBelow(run: Run, field: FieldPlan): boolean {
  return plansOf(run, field).some(
    (plan) => (plan.varies ??= plan.fields.some((item) => item.usesVariables || variesBelow(run, item))),
  );
}

/** The selection below a field, for each type of object that it may turn out to be. */
function plansOf(run: Run, field: FieldPlan): ObjectPlan[] {
  const type = getNamedType(field.definition.type);
  const possible = isAbstractType(type) ? run.plan.schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
  return possible.map((each) => planBelow(run.plan, field, each));
}

/** The rows of a connection are its `nodes` and the `node` of its `edges`. */
export function rowsOf(run: Run, field: FieldPlan, entity: Entity, graph: Graph): Ahead | null {
  return kept(run, field, () => rowsBelow(run, field, entity, graph));
}

function rowsBelow(run: Run, field: FieldPlan, entity: Entity, graph: Graph): Ahead | null {
  const connection = planOf(run, field);
  const hasCursors = partsOf(connection, 'pageInfo').length > 0 || partsOf(connection, 'edges').length > 0;
  const nodes = nodesOf(run, connection);
  if (nodes.length === 0 && !hasCursors) return null;
  const rows = together(
    nodes.map((node) => recordOf(run, node, entity, graph)),
    entity,
  );
  return { ...aheadOf(rows.fields, rows.relations, hasCursors), shape: shapeOfRows(run, connection, entity, graph) };
}

/** The fields of a connection that its rows stand in. */
export function nodesOf(run: Run, connection: ObjectPlan | null): FieldPlan[] {
  const edges = partsOf(connection, 'edges');
  return [...partsOf(connection, 'nodes'), ...edges.flatMap((each) => partsOf(planOf(run, each), 'node'))];
}

/** The fields of a selection that answer one of its type's. */
export function partsOf(plan: ObjectPlan | null, name: string): FieldPlan[] {
  return plan?.fields.filter(({ definition }) => definition.name === name) ?? [];
}

/** What is read of a record that a field leads to, or may lead to among others. */
export function recordOf(run: Run, field: FieldPlan, entity: Entity, graph: Graph): Ahead {
  const { fields } = recordPlan(run.plan, field, entity);
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

/** The selection below a field that leads to objects of one type. */
export function planOf(run: Run, field: FieldPlan): ObjectPlan | null {
  const type = getNamedType(field.definition.type);
  return isObjectType(type) ? planBelow(run.plan, field, type) : null;
}

/** What several fields read of the same rows. */
export function together(parts: Ahead[], entity: Entity): Ahead {
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
