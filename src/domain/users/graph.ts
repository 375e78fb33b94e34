import { RANGE, entity, nameText, type Row } from '../../db/graph.js';

export const userGraph = entity({
  table: 'users',
  scope: 'users',
  type: 'User',
  payload: 'user',
  root: { one: 'user', many: 'users' },
  fields: {
    id: 'uuid',
    email: 'text',
    firstName: 'text',
    lastName: 'text',
    role: 'enum',
    isActive: 'boolean',
    timeZone: 'text?',
    locale: 'enum?',
    lastLoginAt: 'timestamp?',
    erasedAt: 'timestamp?',
    deletedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  secrets: ['passwordHash'],
  filters: {
    id: ['eq', 'in'],
    email: [],
    lastName: ['eq', 'in'],
    role: ['eq', 'in'],
    isActive: ['eq'],
    createdAt: RANGE,
    updatedAt: RANGE,
  },
  orders: ['lastName', 'lastLoginAt', 'createdAt', 'updatedAt'],
  bounded: ['firstName', 'email'],
  defaultOrder: ['createdAt', 'ASC'],
  looksAt: { displayName: ['firstName', 'lastName', 'email'] },
  written: { displayName: nameText('firstName', 'lastName', ['email']) },
  toMany: {
    contacts: { entity: 'contacts', key: 'ownerId' },
    companies: { entity: 'companies', key: 'ownerId' },
    deals: { entity: 'deals', key: 'ownerId' },
    activities: { entity: 'activities', key: 'ownerId' },
    createdActivities: { entity: 'activities', key: 'userId' },
  },
});

export type UserRow = Row<typeof userGraph>;
