import { SLOT_FIELDS, RANGE, customValues, entity, sameText, type Row } from '../../db/graph.js';
import { PHONE_FORMS } from '../reachability.js';

export const companyGraph = entity({
  table: 'companies',
  scope: 'companies',
  type: 'Company',
  payload: 'company',
  root: { one: 'company', many: 'companies' },
  visibility: { own: ['ownerId'], unowned: 'ownerId' },
  fields: {
    id: 'uuid',
    ownerId: 'uuid?',
    name: 'text',
    industry: 'text?',
    website: 'text?',
    phone: 'text?',
    phoneE164: 'text?',
    phoneDigits: 'text?',
    customFields: 'json',
    deletedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  filters: {
    id: ['eq', 'in'],
    name: ['eq', 'in', 'contains', 'startsWith'],
    industry: ['eq', 'in', 'isNull'],
    website: [],
    phone: ['eq', 'in', 'isNull'],
    ownerId: ['eq', 'in', 'isNull'],
    createdAt: RANGE,
    updatedAt: RANGE,
  },
  families: { customFields: customValues('COMPANY') },
  orders: ['name', 'createdAt', 'updatedAt'],
  bounded: ['industry'],
  defaultOrder: ['createdAt', 'DESC'],
  looksAt: { displayName: ['name'] },
  written: { displayName: sameText('name') },
  derived: ['phoneE164', 'phoneDigits', ...SLOT_FIELDS],
  forms: { phone: PHONE_FORMS },
  toOne: { owner: { entity: 'users', key: 'ownerId' } },
  toMany: {
    contacts: { entity: 'contacts', key: 'companyId' },
    deals: { entity: 'deals', key: 'companyId' },
  },
  groups: {
    industry: { by: 'value', field: 'industry' },
    owner: { by: 'record', relation: 'owner' },
    createdMonth: { by: 'month', field: 'createdAt' },
  },
});

export type CompanyRow = Row<typeof companyGraph>;
