import { change, DEFINITIONS_LOCK, SLOTS, slotKindOf, type Changes, type WriteRequest, type Writer } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { CreateCustomFieldInput, UpdateCustomFieldInput } from '../../generated/graphql.js';
import { changesFrom, newId, trimmed, type FieldRules } from '../input.js';
import type { CustomFieldRow } from './graph.js';
import { optionsFrom } from './options.js';
import { checkCanWriteCustomFields } from './rules.js';

export { withCustomFields } from './values.js';

const MOST_FIELDS = 50;
const KEY = /^[a-z][a-zA-Z0-9_]{0,49}$/;
const CHANGEABLE: FieldRules = {
  label: { required: true, longest: 100, normal: trimmed },
  description: { longest: 1_000, normal: trimmed },
  place: { required: true },
  isRequired: { required: true },
  isSortable: { required: true },
  isPersonal: { required: true },
};

/** Adds a field to the records of an entity. */
export async function createCustomField(request: WriteRequest, input: CreateCustomFieldInput): Promise<string> {
  const id = newId(input);
  const { key, entity, type } = input;
  if (!KEY.test(key))
    throw invalid(['input', 'key'], 'A key is a letter from a to z, then at most 49 letters, digits or _.', 'INVALID');
  const options = optionsFrom(type, input.options ?? []);
  const defaults = { isRequired: false, isSortable: false, isPersonal: true };
  const values = { ...defaults, ...changesFrom(withoutNulls(input), CHANGEABLE), key, entity, type, options };
  return change(request, id, async (writer) => {
    checkCanWriteCustomFields(writer.caller);
    await writer.alone(DEFINITIONS_LOCK);
    await checkRoom(writer, { entity, key }, ['input', 'key']);
    const place = (values as { place?: number }).place ?? (await lastPlace(writer, entity)) + 1;
    const slot = values.isSortable ? await freeSlot(writer, { entity, type }) : null;
    if (values.isSortable && !slot) throw noSlot(type);
    await writer.insert('custom_fields', 'CREATE', { ...values, id, place, slot }, Boolean(input.id));
    // No record has a value of it yet, but the slot may hold what its last owner left there.
    if (slot) await writer.fillSlot({ id, entity, slot });
  });
}

/** Changes what people see of it, its options, or what it asks for. */
export async function updateCustomField(
  request: WriteRequest,
  id: string,
  input: UpdateCustomFieldInput,
  expectedVersion?: number | null,
): Promise<string> {
  const changes = changesFrom(input, CHANGEABLE);
  return change(request, id, async (writer) => {
    const check = (): void => checkCanWriteCustomFields(writer.caller);
    check();
    await writer.alone(DEFINITIONS_LOCK);
    let filled: string | null = null;
    const { row } = await writer.edit<CustomFieldRow>(
      'custom_fields',
      id,
      { action: 'UPDATE', expectedVersion, check },
      async (field) => {
        const options = input.options === undefined ? {} : { options: optionsFrom(field.type, input.options ?? []) };
        const isSortable = (changes as { isSortable?: boolean }).isSortable ?? field.isSortable;
        if (isSortable === field.isSortable) return { ...changes, ...options };
        const slot = isSortable ? await freeSlot(writer, field) : null;
        if (isSortable && !slot) throw noSlot(field.type);
        filled = slot;
        return { ...changes, ...options, slot };
      },
    );
    if (filled) await writer.fillSlot({ id: row.id, entity: row.entity, slot: filled });
  });
}

/** Hides the field and its values. Its slot is free for another one; its key, too. */
export function deleteCustomField(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return definitionChange(request, id, 'DELETE', expectedVersion, (_, field) =>
    Promise.resolve(field.deletedAt ? {} : { deletedAt: new Date().toISOString(), slot: null }),
  );
}

/** Shows the field and its values again. */
export function restoreCustomField(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return definitionChange(request, id, 'RESTORE', expectedVersion, async (writer, field) => {
    if (!field.deletedAt) return {};
    await checkRoom(writer, field, ['id']);
    const slot = field.isSortable ? await freeSlot(writer, field) : null;
    return { deletedAt: null, slot, isSortable: slot !== null };
  });
}

async function definitionChange(
  request: WriteRequest,
  id: string,
  action: string,
  expectedVersion: number | null | undefined,
  changesOf: (writer: Writer, field: CustomFieldRow) => Promise<Changes>,
): Promise<string> {
  return change(request, id, async (writer) => {
    const check = (): void => checkCanWriteCustomFields(writer.caller);
    await writer.alone(DEFINITIONS_LOCK);
    let filled: unknown = null;
    const options = { action, expectedVersion, check, evenDeleted: true };
    const { row } = await writer.edit<CustomFieldRow>('custom_fields', id, options, async (field) => {
      const changes = await changesOf(writer, field);
      filled = changes['slot'];
      return changes;
    });
    if (typeof filled === 'string') await writer.fillSlot({ id: row.id, entity: row.entity, slot: filled });
  });
}

/** @throws DomainError INVALID_INPUT when the key is taken or there are too many fields. */
async function checkRoom(writer: Writer, { entity, key }: Pick<CustomFieldRow, 'entity' | 'key'>, path: string[]): Promise<void> {
  const fields = (await writer.customFields(false)).filter((field) => field.entity === entity);
  if (fields.some((field) => field.key === key))
    throw invalid(path, `There is a custom field with the key ${key} already.`, 'TAKEN');
  if (fields.length >= MOST_FIELDS)
    throw invalid(path, `There are ${MOST_FIELDS} custom fields already. Delete one that nobody needs.`, 'TOO_MANY');
}

async function lastPlace(writer: Writer, entity: CustomFieldRow['entity']): Promise<number> {
  const fields = await writer.customFields(false);
  const places = fields.filter((field) => field.entity === entity).map(({ place }) => place);
  return Math.min(Math.max(0, ...places), MOST_PLACE - 1);
}

const MOST_PLACE = 2_147_483_647;

async function freeSlot(writer: Writer, { entity, type }: Pick<CustomFieldRow, 'entity' | 'type'>): Promise<string | null> {
  const kind = slotKindOf(type);
  const taken = (await writer.customFields(false)).filter((field) => field.entity === entity).map(({ slot }) => slot);
  return (kind && SLOTS[kind].find((slot) => !taken.includes(slot))) ?? null;
}

function noSlot(type: CustomFieldRow['type']): Error {
  const kind = slotKindOf(type);
  if (!kind)
    return invalid(['input', 'isSortable'], 'A MULTI_SELECT has no order: nothing can be sorted by it.', 'NOT_SUPPORTED');
  const message = `There are ${SLOTS[kind].length} sortable fields of this kind already. Make another one not sortable first.`;
  return invalid(['input', 'isSortable'], message, 'TOO_MANY');
}

/** What is null in a creation is left out: the defaults hold. */
function withoutNulls(input: CreateCustomFieldInput): object {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
}
