import { entity, type Row } from '../../db/graph.js';

export const customFieldGraph = entity({
  table: 'custom_fields',
  type: 'CustomField',
  payload: 'customField',
  scope: 'organization',
  root: { one: 'customField', many: 'customFields' },
  fields: {
    id: 'uuid',
    entity: 'enum',
    key: 'text',
    type: 'enum',
    label: 'text',
    description: 'text?',
    options: 'json',
    place: 'integer',
    isRequired: 'boolean',
    isSortable: 'boolean',
    isPersonal: 'boolean',
    slot: 'text?',
    deletedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  filters: { id: ['eq', 'in'], entity: ['eq', 'in'], key: [] },
  orders: ['place', 'createdAt'],
  defaultOrder: ['place', 'ASC'],
  derived: ['slot'],
});

export type CustomFieldRow = Row<typeof customFieldGraph>;
