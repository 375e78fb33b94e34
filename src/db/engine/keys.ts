import { sql } from 'kysely';
import { invalid, type FieldError } from '../../errors.js';
import { entityOf, kindOf, type Entity, type OrderTerm } from '../graph.js';
import { MOST_HOPS } from './limits.js';
import { scopeConditions, type Scope } from './scope.js';
import { all, column, viewOf, type Sql } from './sql.js';
import { targetOf } from './target.js';

type Path = FieldError['path'];

/** SDL enum Sort. */
export type SortValue = 'ASC' | 'DESC' | 'ASC_NULLS_FIRST' | 'ASC_NULLS_LAST' | 'DESC_NULLS_FIRST' | 'DESC_NULLS_LAST';

/** An item of `orderBy`: a @oneOf input of fields, and of relations with an item of theirs. */
export type OrderInput = Readonly<Record<string, unknown>>;

/** What rows are compared by. */
export interface KeyValue {
  /** Names the key in cursors, and the column of the row that holds its value. */
  name: string;
  nullable: boolean;
  /** No index walks it: the list is read whole, and refused when it is too long. */
  bounded: boolean;
  sql: (alias: string, scope: Scope) => Sql;
}

/** What was asked for: a value and a direction. */
export type SortedValue = KeyValue & { sort: SortValue };

/** One sort key. The last key of every order is the id, in the direction of the first key. */
export interface SortKey extends KeyValue {
  descending: boolean;
  nullsFirst: boolean;
}

const MOST_KEYS = 5;

/** The sort keys of a request; a key named twice counts once. @throws DomainError INVALID_INPUT for more than five. */
export function sortKeys(entity: Entity, orderBy: readonly OrderInput[], fallback: OrderTerm, scope: Scope): SortKey[] {
  if (orderBy.length > MOST_KEYS) throw invalid(['orderBy'], `Order by at most ${MOST_KEYS} keys.`, 'TOO_MANY');
  const wanted = orderBy.length === 0 ? [{ [fallback[0]]: fallback[1] }] : orderBy;
  const keys = new Map<string, SortKey>();
  for (const [index, item] of wanted.entries()) {
    const key = directed(keyOf(entity, item, scope, ['orderBy', index], 0));
    if (!keys.has(key.name)) keys.set(key.name, key);
  }
  const [first] = keys.values();
  return [...keys.values(), directed({ ...fieldValue(entity, 'id', false), sort: first?.descending ? 'DESC' : 'ASC' })];
}

function keyOf(entity: Entity, item: OrderInput, scope: Scope, path: Path, hops: number): SortedValue {
  const [term] = Object.entries(item).filter(([, operand]) => operand !== undefined && operand !== null);
  if (!term) throw invalid(path, 'Name one field and its direction.', 'REQUIRED');
  const [name, operand] = term;
  const family = entity.families[name];
  if (family?.order) return family.order(operand, [...path, name], scope);
  const standsFor = entity.stands[name];
  if (standsFor) return stoodFor(entity, standsFor, operand as SortValue);
  if (typeof operand === 'string') return { ...fieldKey(entity, name), sort: operand as SortValue };
  if (hops === MOST_HOPS) throw invalid(path, `An order follows at most ${MOST_HOPS} relations.`, 'TOO_MANY');
  return relatedKey(entity, name, operand as OrderInput, scope, [...path, name], hops + 1);
}

/** Turned around where the one is long when the other is early; neither is ever null then. */
function stoodFor(entity: Entity, { for: field, reversed }: Entity['stands'][string], sort: SortValue): SortedValue {
  const turned = sort.startsWith('DESC') ? 'ASC' : 'DESC';
  return { ...fieldKey(entity, field), sort: reversed ? turned : sort };
}

function fieldKey(entity: Entity, field: string): KeyValue {
  const indexed = entity.orders.includes(field);
  if (!indexed && !entity.bounded.includes(field)) throw new Error(`${entity.table} declares no order ${field}.`);
  return fieldValue(entity, field, !indexed);
}

function fieldValue(entity: Entity, field: string, bounded: boolean): KeyValue {
  const { nullable } = kindOf(entity, field);
  return { name: field, nullable, bounded, sql: (alias, scope) => targetOf(entity, alias, field, scope).value };
}

/** A key of the record that a relation leads to; null where that reads null: missing, deleted or hidden. */
function relatedKey(entity: Entity, name: string, item: OrderInput, asking: Scope, path: Path, hops: number): SortedValue {
  const relation = entity.toOne[name];
  if (!relation) throw new Error(`${entity.table} declares no order ${name}.`);
  const target = entityOf(asking.graph, relation.entity);
  const inner = keyOf(target, item, asking, path, hops);
  const hop = `o${hops}`;
  const value = (alias: string, scope: Scope): Sql => {
    const scoped = scopeConditions(target, hop, scope, relation.evenDeleted ? 'WITH' : undefined);
    const same = sql`${column(hop, 'id')} = ${column(alias, relation.key)}`;
    return sql`(select ${inner.sql(hop, scope)} from ${viewOf(target, hop)} where ${all([...scoped, same])})`;
  };
  return { name: `${name}.${inner.name}`, sort: inner.sort, nullable: true, bounded: true, sql: value };
}

function directed({ sort, ...value }: SortedValue): SortKey {
  return { ...value, descending: sort.startsWith('DESC'), nullsFirst: value.nullable && sort.endsWith('NULLS_FIRST') };
}
