import { sql } from 'kysely';
import { scopeConditions, type Scope } from './engine/scope.js';
import { all, compile, selectList, viewOf, type Statement } from './engine/sql.js';
import { entityOf } from './graph.js';
import type { Ask } from './loaders.js';

/** A field that an organization has defined, as far as values, filters and orders need it. */
export interface CustomFieldDefinition {
  id: string;
  entity: 'CONTACT' | 'COMPANY' | 'DEAL';
  key: string;
  type: 'TEXT' | 'NUMBER' | 'DATE' | 'SELECT' | 'MULTI_SELECT' | 'URL' | 'EMAIL';
  label: string;
  options: { value: string; label: string }[];
  place: number;
  isRequired: boolean;
  /** Which column `custom_<slot>` of the records has a copy of the values to sort by. */
  slot: string | null;
}

/** Which table's records a definition is about. */
export const TABLE_OF = { CONTACT: 'contacts', COMPANY: 'companies', DEAL: 'deals' } as const;

/** The columns that copies are kept in, by what they hold. */
export const SLOTS = {
  text: ['text_a', 'text_b', 'text_c'],
  number: ['number_a', 'number_b', 'number_c'],
  date: ['date_a', 'date_b'],
} as const;

/** What the slots of a type hold; null: it has none. */
export function slotKindOf(type: CustomFieldDefinition['type']): keyof typeof SLOTS | null {
  if (type === 'MULTI_SELECT') return null;
  return type === 'NUMBER' ? 'number' : type === 'DATE' ? 'date' : 'text';
}

/** All definitions of an organization that are not deleted, in their order. */
export function definitionsStatement(scope: Scope): Statement {
  const entity = entityOf(scope.graph, 'custom_fields');
  const conditions = scopeConditions(entity, 't', scope, undefined);
  return compile(sql`
    select ${selectList(entity, 't')} from ${viewOf(entity, 't')} where ${all(conditions)} order by t.place, t.id`);
}

/** The organization's custom fields, and what is compiled with them. */
export interface CustomFields {
  read: () => Promise<CustomFieldDefinition[]>;
  /** The caller's scope; with the custom fields, once they were read. */
  scope: () => Scope;
}

/** Read in the snapshot that they are compiled for: a slot that changed hands since is there what it was. */
export function customFieldsOf(scope: Scope, query: Ask): CustomFields {
  let reading: Promise<CustomFieldDefinition[]> | undefined;
  let knowing = scope;
  const read = async (): Promise<CustomFieldDefinition[]> => {
    const customFields = await query<CustomFieldDefinition>(definitionsStatement(scope));
    knowing = { ...scope, customFields };
    return customFields;
  };
  return { read: () => (reading ??= read()), scope: () => knowing };
}
