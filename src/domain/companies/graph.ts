import { entity, type Row } from '../../db/graph.js';
import { PHONE_FORMS } from '../reachability.js';

export const companyGraph = entity({
  table: 'companies',
  type: 'Company',
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
    deletedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  filters: {
    id: { eq: 'indexed', in: 'indexed', isNull: 'scanned' },
    name: { eq: 'indexed', in: 'indexed', contains: 'indexed', isNull: 'scanned' },
    industry: { eq: 'indexed', in: 'indexed', contains: 'scanned', isNull: 'indexed' },
    website: { eq: 'scanned', in: 'scanned', contains: 'scanned', isNull: 'scanned' },
    phone: { eq: 'indexed', in: 'indexed', contains: 'scanned', isNull: 'indexed' },
    ownerId: { eq: 'indexed', in: 'indexed', isNull: 'indexed' },
    createdAt: { eq: 'indexed', gte: 'indexed', lte: 'indexed', isNull: 'scanned' },
    updatedAt: { eq: 'indexed', gte: 'indexed', lte: 'indexed', isNull: 'scanned' },
  },
  orders: ['name', 'createdAt', 'updatedAt'],
  defaultOrder: ['createdAt', 'DESC'],
  derived: ['phoneE164', 'phoneDigits'],
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
