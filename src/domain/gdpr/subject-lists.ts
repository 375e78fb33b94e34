import type { Entity, Graph, ToOne } from '../../db/graph.js';
import type { PersonalData } from '../../db/index.js';

/** A list of rows about a person, as an export shows it. */
export interface SubjectList {
  /** Its table; with the records it is reached through before it, for example `deals.activities`. */
  name: string;
  entity: Entity;
  by: ReachedBy;
  /** Relations to records that are no people, whose names make a row legible. */
  named: readonly [relation: string, target: ToOne][];
  /** What the rows can tell of the person, by `@personal`. */
  categories: readonly string[];
}

/** How its rows lead to the person. */
export type ReachedBy =
  /** `key` holds the contact's id. */
  | { way: 'contact'; key: string }
  /** `key` holds the id of a record of `through`, whose `throughKey` holds the contact's; rows about another contact (`unless`) do not count. */
  | { way: 'record'; key: string; through: Entity; throughKey: string; unless: string | null }
  /** It holds one of the person's addresses, now or before, and nobody has made an account of it. */
  | { way: 'address' };

/**
 * All lists about a contact. They follow from the graph: every table whose rows refer to a contact, or are about one, is here unasked;
 * and what refers to those of them that are about something else, such as a deal.
 */
export function subjectLists(graph: Graph, personal: PersonalData): SubjectList[] {
  const list = (entity: Entity, by: ReachedBy, prefix = ''): SubjectList => ({
    ...{ name: `${prefix}${entity.table}`, entity, by, named: namedIn(entity, graph) },
    categories: [...new Set([...(personal.get(entity.table)?.values() ?? [])].map((column) => column.class))].sort(),
  });
  const found = [...graph.values()].flatMap((entity) => {
    if (entity.table === 'contacts') return [list(entity, { way: 'contact', key: 'id' })];
    if (entity.table === 'invitations') return [list(entity, { way: 'address' })];
    return contactKeys(entity).map((key) => list(entity, { way: 'contact', key }));
  });
  const through = found.filter(({ entity, by }) => by.way === 'contact' && entity.table !== 'contacts' && !entity.about);
  return [...found, ...through.flatMap((parent) => below(parent, graph, list))].sort(contactFirst);
}

function contactKeys(entity: Entity): string[] {
  const related = Object.values(entity.toOne).filter((relation) => relation.entity === 'contacts');
  return [...new Set([...(entity.about ? [entity.about] : []), ...related.map(({ key }) => key)])];
}

function below(
  { entity: through, by }: SubjectList,
  graph: Graph,
  list: (entity: Entity, by: ReachedBy, prefix: string) => SubjectList,
): SubjectList[] {
  if (by.way !== 'contact') return [];
  return [...graph.values()].flatMap((entity) =>
    Object.values(entity.toOne).flatMap((relation) => {
      if (relation.entity !== through.table) return [];
      const [unless = null] = contactKeys(entity);
      return [list(entity, { way: 'record', key: relation.key, through, throughKey: by.key, unless }, `${through.table}.`)];
    }),
  );
}

/** Colleagues have rights of their own (Art. 15(4)): of them there are the ids. */
function namedIn(entity: Entity, graph: Graph): [string, ToOne][] {
  const relations = Object.entries({ ...entity.toOne, ...BESIDE_THE_GRAPH[entity.table] });
  return relations.filter(([, { entity: target }]) => target !== 'users' && target !== 'contacts' && graph.has(target));
}

/** What the person was shown is no relation to filter by. */
const BESIDE_THE_GRAPH: Readonly<Record<string, Record<string, ToOne>>> = {
  consents: { text: { entity: 'consent_texts', key: 'textId' } },
};

function contactFirst(one: SubjectList, other: SubjectList): number {
  return Number(other.entity.table === 'contacts') - Number(one.entity.table === 'contacts');
}
