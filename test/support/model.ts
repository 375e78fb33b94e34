/**
 * What lists answer, told without SQL: rows in memory, and the contract's rules of sight, filters and orders read off word by word.
 * Written from the documentation, not from the engine, so that the two can disagree.
 */
export type Value = string | number | boolean | string[] | null;
export type Row = { id: string; deletedAt: string | null } & Record<string, Value>;
export type Kind = 'id' | 'text' | 'enum' | 'number' | 'moment' | 'boolean' | 'tags';

export interface Table {
  /** Filters and sort keys: kind, and the column's name where it differs. */
  fields: Record<string, { kind: Kind; values: readonly Value[]; of?: string }>;
  one: Record<string, { table: string; key: string; evenDeleted?: true }>;
  many: Record<string, { table: string; key: string }>;
}

export interface Model {
  tables: Record<string, Table>;
  rows: Record<string, Row[]>;
  /** Whose own records alone are seen; null for who sees all. */
  onlyOf: string | null;
}

export type Filter = { [name: string]: unknown };
export type Order = { [name: string]: string | Order };

/** The ids of a list, in order. */
export function idsOf(model: Model, table: string, filter: Filter, orderBy: Order[], deleted?: 'WITH' | 'ONLY'): string[] {
  const wanted = (row: Row): boolean => deleted === 'WITH' || (row.deletedAt !== null) === (deleted === 'ONLY');
  const rows = (model.rows[table] ?? []).filter(
    (row) => wanted(row) && sees(model, table, row) && meets(model, table, row, filter),
  );
  return rows.sort(comparator(model, table, orderBy)).map(({ id }) => id);
}

function sees(model: Model, table: string, row: Row): boolean {
  const { onlyOf } = model;
  if (onlyOf === null || ['users', 'pipelines', 'stages'].includes(table)) return true;
  if (table !== 'activities') return row['ownerId'] === null || row['ownerId'] === onlyOf;
  const leadsTo = (other: string, key: string): boolean => reached(model, other, row[key]) !== null;
  return row['ownerId'] === onlyOf || row['userId'] === onlyOf || leadsTo('contacts', 'contactId') || leadsTo('deals', 'dealId');
}

/** The record that an id leads to, as far as it can be read. */
function reached(model: Model, table: string, id: Value | undefined, evenDeleted?: true): Row | null {
  const row = (model.rows[table] ?? []).find((candidate) => candidate.id === id);
  return row && (evenDeleted || row.deletedAt === null) && sees(model, table, row) ? row : null;
}

function meets(model: Model, table: string, row: Row, filter: Filter): boolean {
  return Object.entries(filter).every(([name, operand]) => {
    if (name === 'and') return (operand as Filter[]).every((part) => meets(model, table, row, part));
    if (name === 'or') return (operand as Filter[]).some((part) => meets(model, table, row, part));
    if (name === 'not') return !meets(model, table, row, operand as Filter);
    const { fields, one, many } = model.tables[table] as Table;
    const single = one[name];
    const list = many[name];
    if (single) {
      const other = reached(model, single.table, row[single.key], single.evenDeleted);
      return (
        Object.keys(operand as Filter).length === 0 || (other !== null && meets(model, single.table, other, operand as Filter))
      );
    }
    if (list) return meetsList(model, list, row, operand as Record<string, Filter>);
    const field = fields[name];
    if (!field) throw new Error(`The model has no ${table}.${name}.`);
    const value = shown(model, table, row, field.of ?? name);
    return Object.entries(operand as Filter).every(([operator, wanted]) =>
      holds(field.kind, value, operator, field.kind === 'moment' ? absolute(wanted, String(field.values[0])) : (wanted as Value)),
    );
  });
}

/**
 * A duration as the moment or the day it stands for, whatever the field is like: days from today in UTC, which is the zone of who
 * has set none, hours from now.
 */
function absolute(wanted: unknown, like: string): Value {
  if (Array.isArray(wanted)) return wanted.map((item) => absolute(item, like)) as string[];
  const [, sign, days, hours] = /^(-?)P(?:(\d+)D|T(\d+)H)$/.exec(String(wanted)) ?? [];
  if (days === undefined && hours === undefined) return wanted as Value;
  const back = sign === '-' ? -1 : 1;
  const today = Math.floor(Date.now() / DAY) * DAY;
  const moment = days === undefined ? Date.now() + back * Number(hours) * HOUR : today + back * Number(days) * DAY;
  return new Date(moment).toISOString().slice(0, like.length);
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function meetsList(
  model: Model,
  { table, key }: { table: string; key: string },
  row: Row,
  operand: Record<string, Filter>,
): boolean {
  const theirs = (model.rows[table] ?? []).filter((other) => other[key] === row.id && reached(model, table, other.id));
  const are = { some: theirs.some.bind(theirs), every: theirs.every.bind(theirs) };
  return Object.entries(operand).every(([quantifier, filter]) => {
    const fits = (other: Row): boolean => meets(model, table, other, filter);
    if (quantifier === 'none') return !are.some(fits);
    return quantifier === 'some' ? are.some(fits) : are.every(fits);
  });
}

/** A reference to a hidden record reads null; one to a deleted record is still found by its id. */
function shown(model: Model, table: string, row: Row, column: string): Value {
  const relation = Object.values((model.tables[table] as Table).one).find(({ key }) => key === column);
  const value = row[column] as Value;
  if (!relation || value === null) return value;
  const other = (model.rows[relation.table] ?? []).find(({ id }) => id === value);
  return other && sees(model, relation.table, other) ? value : null;
}

function holds(kind: Kind, value: Value, operator: string, wanted: Value): boolean {
  const list = wanted as Value[];
  const tags = value as string[];
  switch (operator) {
    case 'eq':
      return same(kind, value, wanted);
    case 'ne':
      return !same(kind, value, wanted);
    case 'in':
      return list.some((item) => same(kind, value, item));
    case 'notIn':
      return !list.some((item) => same(kind, value, item));
    case 'isNull':
      return (value === null) === wanted;
    case 'contains':
      return value !== null && folded(value).includes(folded(wanted));
    case 'startsWith':
      return value !== null && folded(value).startsWith(folded(wanted));
    case 'hasAny':
      return list.some((tag) => tags.includes(String(tag)));
    case 'hasAll':
      return list.every((tag) => tags.includes(String(tag)));
    case 'hasNone':
      return !list.some((tag) => tags.includes(String(tag)));
    default:
      return value !== null && compared(operator, rank(kind, value), rank(kind, wanted));
  }
}

function compared(operator: string, a: number | string, b: number | string): boolean {
  if (operator === 'gt') return a > b;
  if (operator === 'gte') return a >= b;
  return operator === 'lt' ? a < b : a <= b;
}

function same(kind: Kind, value: Value, wanted: Value): boolean {
  return value !== null && rank(kind, value) === rank(kind, wanted);
}

function rank(kind: Kind, value: Value): number | string {
  return kind === 'number' ? Number(value) : String(value);
}

function folded(text: Value): string {
  return String(text).normalize('NFD').replace(/\p{M}/gu, '').replaceAll('ß', 'ss').toLowerCase();
}

const collator = new Intl.Collator('en');

function comparator(model: Model, table: string, orderBy: Order[]): (a: Row, b: Row) => number {
  const terms = orderBy.map((order) => termOf(model, table, order));
  const first = terms[0]?.sort ?? 'ASC';
  return (a, b) => {
    for (const { read, sort, values } of terms) {
      const [x, y] = [read(a), read(b)];
      if (x === null && y === null) continue;
      if (x === null || y === null) return (x === null) === sort.endsWith('NULLS_FIRST') ? -1 : 1;
      const difference = inOrder(values, x, y);
      if (difference !== 0) return sort.startsWith('DESC') ? -difference : difference;
    }
    return (a.id < b.id ? -1 : 1) * (first.startsWith('DESC') ? -1 : 1);
  };
}

interface Term {
  read: (row: Row) => Value;
  sort: string;
  values: { kind: Kind; values: readonly Value[] };
}

function termOf(model: Model, table: string, order: Order): Term {
  const [[name, operand]] = Object.entries(order) as [[string, string | Order]];
  const { fields, one } = model.tables[table] as Table;
  if (typeof operand === 'string') {
    return { read: (row) => row[name] as Value, sort: operand, values: fields[name] as Term['values'] };
  }
  const relation = one[name];
  if (!relation) throw new Error(`The model has no ${table}.${name}.`);
  const inner = termOf(model, relation.table, operand);
  const read = (row: Row): Value => {
    const other = reached(model, relation.table, row[relation.key], relation.evenDeleted);
    return other && inner.read(other);
  };
  return { ...inner, read };
}

function inOrder({ kind, values }: Term['values'], x: Value, y: Value): number {
  if (kind === 'text') return collator.compare(String(x), String(y));
  if (kind === 'enum') return values.indexOf(x) - values.indexOf(y);
  const [a, b] = [rank(kind, x), rank(kind, y)];
  return a < b ? -1 : a > b ? 1 : 0;
}
