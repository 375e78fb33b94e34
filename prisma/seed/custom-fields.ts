import { DAY, iso } from './moments.js';
import type { CustomFieldPlan } from './phrases/language.js';
import { chance, newId, type Scene } from './scene.js';

export interface CustomFieldRow {
  org_id: string;
  id: string;
  entity: CustomFieldPlan['entity'];
  key: string;
  type: CustomFieldPlan['type'];
  label: string;
  options: { value: string; label: string }[];
  place: number;
  is_sortable: boolean;
  is_personal: boolean;
  slot: string | null;
  created_at: string;
  updated_at: string;
}

/** The fields that an organization has added to its records, made when it began. */
export function makeCustomFields({ faker, language, orgId, today }: Scene): CustomFieldRow[] {
  const createdAt = today - 590 * DAY;
  return language.customFields.map(({ entity, key, type, label, options = [], slot = null }, index) => ({
    org_id: orgId,
    id: newId(faker, createdAt),
    ...{ entity, key, type, label, options, slot, place: index + 1 },
    is_sortable: slot !== null,
    is_personal: entity === 'CONTACT',
    created_at: iso(createdAt),
    updated_at: iso(createdAt),
  }));
}

/** The same records with values of their custom fields, most of them known, and the copies that lists are sorted by. */
export function withCustomValues(
  scene: Scene,
  fields: CustomFieldRow[],
  entity: CustomFieldPlan['entity'],
  records: object[],
): object[] {
  const theirs = fields.filter((field) => field.entity === entity);
  return records.map((record) => {
    const values = theirs.map((field) => ({ field, value: chance(scene.faker, 0.7) ? makeValue(scene, field) : null }));
    const known = values.filter(({ value }) => value !== null);
    const copies = values.flatMap(({ field: { slot }, value }) => (slot ? [[`custom_${slot}`, value] as const] : []));
    return {
      ...record,
      custom_fields: Object.fromEntries(known.map(({ field, value }) => [field.id, value])),
      ...Object.fromEntries(copies),
    };
  });
}

function makeValue({ faker, today }: Scene, { key, type, options }: CustomFieldRow): string | string[] {
  const choices = options.map(({ value }) => value);
  switch (type) {
    case 'NUMBER':
      return String(Math.ceil(4 * 1_000 ** faker.number.float()));
    case 'DATE':
      return iso(today - faker.number.int({ min: 22 * 365, max: 62 * 365 }) * DAY).slice(0, 10);
    case 'SELECT':
      return faker.helpers.arrayElement(choices);
    case 'MULTI_SELECT':
      return faker.helpers.arrayElements(choices, { min: 1, max: 2 });
    case 'TEXT':
      return `${key.slice(0, 1).toUpperCase()}-${faker.string.numeric(5)}`;
  }
}
