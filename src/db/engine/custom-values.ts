import { sql } from 'kysely';
import { invalid, type FieldError } from '../../errors.js';
import { shortest } from '../../lib/decimal.js';
import { slotKindOf, type CustomFieldDefinition } from '../custom-fields.js';
import type { Family, FamilyPlace } from '../graph.js';
import type { FilterInput } from './filter.js';
import type { SortedValue, SortValue } from './keys.js';
import type { Target } from './operators.js';
import type { Scope } from './scope.js';
import { all, column, isExpression, type Sql } from './sql.js';

type Path = FieldError['path'];
type Definition = CustomFieldDefinition;

/** Under which name the values of each type are compared in a filter. */
const COMPARED_AS = {
  TEXT: 'text',
  URL: 'text',
  EMAIL: 'text',
  NUMBER: 'number',
  DATE: 'date',
  SELECT: 'select',
  MULTI_SELECT: 'options',
} as const satisfies Record<Definition['type'], string>;

/**
 * Filters and orders by the fields that an organization has defined for its contacts, companies or deals. What they are is read once
 * a request, before anything is compiled that names one (docs/decisions/0032-filters-by-custom-fields.md).
 */
export function customValues(entity: Definition['entity']): Family {
  return {
    filter: (operand, at) => {
      const items = (operand as FilterInput[]).map((item, index) => valueCondition(entity, item, at, [...at.path, index]));
      return all(items);
    },
    order: (operand, path, scope) => {
      const { key, direction } = operand as { key: string; direction: SortValue };
      return { ...sortedValue(definitionOf(entity, key, scope, [...path, 'key']), [...path, 'key']), sort: direction };
    },
  };
}

/** Whether arguments name custom fields, at any depth of their filter and order. */
export function namesCustomFields({ filter, orderBy }: { filter?: unknown; orderBy?: unknown }): boolean {
  return isNamedIn(filter) || isNamedIn(orderBy);
}

function isNamedIn(asked: unknown): boolean {
  if (!asked || typeof asked !== 'object') return false;
  return Object.entries(asked).some(([name, inner]) => name === 'customFields' || isNamedIn(inner));
}

function valueCondition(entity: Definition['entity'], item: FilterInput, at: FamilyPlace, path: Path): Sql {
  at.meter.condition(path);
  const definition = definitionOf(entity, item['key'] as string, at.scope, [...path, 'key']);
  const fitting = COMPARED_AS[definition.type];
  const conditions = at.given(item, path).flatMap(([name, operators, here]) => {
    if (name === 'key') return [];
    if (name !== fitting) throw unfitting(definition, here, fitting);
    return [at.compare(targetOf(definition, at.alias), operators as FilterInput, here)];
  });
  return all(conditions);
}

/** @throws DomainError INVALID_INPUT for a key that no field of these records has, or has any more. */
function definitionOf(entity: Definition['entity'], key: string, { customFields }: Scope, path: Path): Definition {
  if (!customFields) throw new Error('The custom fields were not read before a filter or order that names one.');
  const theirs = customFields.filter((definition) => definition.entity === entity);
  const found = theirs.find((definition) => definition.key === key);
  if (found) return found;
  const keys = theirs.map((definition) => `\`${definition.key}\``).join(', ');
  throw invalid(path, `There is no custom field with this key${keys ? `; there are: ${keys}` : ' here'}.`, 'UNKNOWN');
}

function unfitting({ key, type }: Definition, path: Path, fitting: string): Error {
  return invalid(path, `\`${key}\` is a ${type}: compare it under \`${fitting}\`.`, 'INVALID');
}

/**
 * What a filter compares. Casts are total, because another row may be cast before any condition keeps it away. A number or date that is
 * sorted by is read from its slot, whose index serves ranges; of other values the GIN index over all of them serves what is equal.
 */
function targetOf(definition: Definition, alias: string): Target {
  const { id, slot, type } = definition;
  const text = sql`(${column(alias, 'customFields')} ->> ${id}::text)`;
  const holds = (value: unknown): Sql => contains(alias, id, sql`${value}::text`);
  switch (type) {
    case 'NUMBER':
      if (slot) return { kind: 'decimal', value: slotColumn(alias, slot) };
      return { kind: 'decimal', value: sql`public.custom_number(${text})`, holds: (value) => holds(shortest(String(value))) };
    case 'DATE':
      if (slot) return { kind: 'date', value: slotColumn(alias, slot) };
      return { kind: 'date', value: sql`public.custom_date(${text})`, holds: (day) => contains(alias, id, dayText(day)) };
    case 'MULTI_SELECT':
      return { kind: 'options', value: text, holds: (value) => contains(alias, id, sql`jsonb_build_array(${value}::text)`) };
    default:
      return { kind: 'text', value: text, holds };
  }
}

function contains(alias: string, id: string, value: Sql): Sql {
  return sql`${column(alias, 'customFields')} @> jsonb_build_object(${id}::text, ${value})`;
}

/** A day as it is stored; a relative one is counted by PostgreSQL. */
function dayText(day: unknown): Sql {
  return isExpression(day) ? sql`to_char(${day}, 'YYYY-MM-DD')` : sql`${day}::text`;
}

function sortedValue(definition: Definition, path: Path): Omit<SortedValue, 'sort'> {
  const { id, key, slot, type } = definition;
  const kind = slotKindOf(type);
  if (!slot || !kind) {
    const message = `Nothing is sorted by \`${key}\`: its field is not \`isSortable\`, which administrators can change.`;
    throw invalid(path, kind ? message : `A ${type} has no order: nothing can be sorted by \`${key}\`.`, 'NOT_SORTABLE');
  }
  // By the field and not the slot, so that a cursor is worthless once the slot is another field's. Short: PostgreSQL cuts names at 63 bytes.
  const name = `custom:${Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')}`;
  return { name, nullable: true, bounded: false, sql: (alias) => slotColumn(alias, slot) };
}

function slotColumn(alias: string, slot: string): Sql {
  return sql.id(alias, `custom_${slot}`);
}
