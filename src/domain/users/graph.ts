import { entity, type Row } from '../../db/graph.js';

export const userGraph = entity({
  table: 'users',
  type: 'User',
  root: { one: 'user', many: 'users' },
  fields: {
    id: 'uuid',
    email: 'text',
    firstName: 'text',
    lastName: 'text',
    role: 'enum',
    isActive: 'boolean',
    lastLoginAt: 'timestamp?',
    deletedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  filters: {
    id: { eq: 'indexed', in: 'indexed', isNull: 'scanned' },
    email: { eq: 'scanned', in: 'scanned', contains: 'scanned', isNull: 'scanned' },
    lastName: { eq: 'indexed', in: 'indexed', contains: 'scanned', isNull: 'scanned' },
    role: { eq: 'indexed', in: 'indexed' },
    isActive: { eq: 'indexed' },
    createdAt: { eq: 'indexed', gte: 'indexed', lte: 'indexed', isNull: 'scanned' },
    updatedAt: { eq: 'indexed', gte: 'indexed', lte: 'indexed', isNull: 'scanned' },
  },
  orders: ['lastName', 'lastLoginAt', 'createdAt', 'updatedAt'],
  defaultOrder: ['createdAt', 'ASC'],
  toMany: {
    contacts: { entity: 'contacts', key: 'ownerId' },
    companies: { entity: 'companies', key: 'ownerId' },
    deals: { entity: 'deals', key: 'ownerId' },
    activities: { entity: 'activities', key: 'ownerId' },
    createdActivities: { entity: 'activities', key: 'userId' },
  },
});

export type UserRow = Row<typeof userGraph>;
