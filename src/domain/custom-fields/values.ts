import { slotValues, type Changes, type CustomFieldDefinition, type Writer } from '../../db/index.js';
import { DomainError, invalid, type FieldError } from '../../errors.js';
import { judgeValue } from './types.js';

type Values = Readonly<Record<string, unknown>>;

/** Values as an answer shows them: every field by its key, null where the record has none. */
export function shownValues(definitions: readonly CustomFieldDefinition[], stored: unknown): Record<string, unknown> {
  return Object.fromEntries(definitions.map(({ id, key }) => [key, (stored as Values)[id] ?? null]));
}

/**
 * Adds to the changes of a record what its input says of custom fields: keys that are absent keep their value, null clears.
 *
 * @param record the record as it is; null for a new one, which needs a value for every required field.
 * @throws DomainError INVALID_INPUT naming every key that is wrong.
 */
export async function withCustomFields(
  writer: Writer,
  entity: CustomFieldDefinition['entity'],
  input: { customFields?: unknown },
  changes: Changes,
  record: { customFields: unknown } | null,
): Promise<Changes> {
  const given = input.customFields;
  if (given === undefined && record) return changes;
  const all = await writer.customFields(given !== undefined);
  const definitions = all.filter((definition) => definition.entity === entity);
  const stored = (record?.customFields ?? {}) as Values;
  const values = merged(definitions, given === undefined ? {} : objectOf(given), stored, record === null);
  return { ...changes, customFields: values, ...slotValues(definitions, values) };
}

function merged(definitions: readonly CustomFieldDefinition[], given: Values, stored: Values, isNew: boolean): Values {
  const faults: FieldError[] = [];
  const values = new Map(Object.entries(stored));
  const byKey = new Map(definitions.map((definition) => [definition.key, definition]));
  for (const [key, raw] of Object.entries(given)) {
    const definition = byKey.get(key);
    const found = definition ? judgeValue(definition, raw) : { fault: unknownKey(definitions) };
    if ('fault' in found) faults.push(faultAt(key, found.fault));
    else if (definition && found.value !== null) values.set(definition.id, found.value);
    else if (definition?.isRequired) faults.push(faultAt(key, `${definition.label} cannot be empty.`, 'REQUIRED'));
    else if (definition) values.delete(definition.id);
  }
  const missing = isNew ? definitions.filter(({ isRequired, id, key }) => isRequired && !values.has(id) && !(key in given)) : [];
  faults.push(...missing.map(({ key, label }) => faultAt(key, `${label} cannot be empty.`, 'REQUIRED')));
  const [first] = faults;
  if (first) throw new DomainError('INVALID_INPUT', first.message, { fields: faults });
  return Object.fromEntries(values);
}

function objectOf(given: unknown): Values {
  if (given !== null && typeof given === 'object' && !Array.isArray(given)) return given as Values;
  throw invalid(['input', 'customFields'], 'Give an object of keys and values; null clears a key, not all of them.', 'INVALID');
}

function faultAt(key: string, message: string, code = 'INVALID'): FieldError {
  return { path: ['input', 'customFields', key], code, message };
}

function unknownKey(definitions: readonly CustomFieldDefinition[]): string {
  const keys = definitions.map(({ key }) => key).join(', ');
  return keys ? `There is no custom field with this key; there are: ${keys}.` : 'There are no custom fields here yet.';
}
