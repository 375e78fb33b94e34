import { entity, type Row } from '../../db/graph.js';

export const activityGraph = entity({
  table: 'activities',
  type: 'Activity',
  root: { one: 'activity', many: 'activities' },
  visibility: { own: ['ownerId', 'userId'], through: ['contact', 'deal'] },
  fields: {
    id: 'uuid',
    userId: 'uuid',
    ownerId: 'uuid?',
    contactId: 'uuid?',
    dealId: 'uuid?',
    type: 'enum',
    subject: 'text',
    description: 'text?',
    dueDate: 'timestamp?',
    isCompleted: 'boolean',
    completedAt: 'timestamp?',
    deletedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  filters: {
    id: { eq: 'indexed', in: 'indexed', isNull: 'scanned' },
    type: { eq: 'indexed', in: 'indexed' },
    subject: { eq: 'indexed', in: 'scanned', contains: 'indexed', isNull: 'scanned' },
    isCompleted: { eq: 'indexed' },
    dueDate: { eq: 'indexed', gte: 'indexed', lte: 'indexed', isNull: 'indexed' },
    contactId: { eq: 'indexed', in: 'indexed', isNull: 'indexed' },
    dealId: { eq: 'indexed', in: 'indexed', isNull: 'indexed' },
    ownerId: { eq: 'indexed', in: 'indexed', isNull: 'indexed' },
    createdById: { eq: 'indexed', in: 'indexed', isNull: 'scanned' },
    createdAt: { eq: 'indexed', gte: 'indexed', lte: 'indexed', isNull: 'scanned' },
    updatedAt: { eq: 'indexed', gte: 'indexed', lte: 'indexed', isNull: 'scanned' },
  },
  aliases: { createdById: 'userId' },
  orders: ['dueDate', 'createdAt', 'updatedAt'],
  defaultOrder: ['createdAt', 'DESC'],
  toOne: {
    createdBy: { entity: 'users', key: 'userId' },
    owner: { entity: 'users', key: 'ownerId' },
    contact: { entity: 'contacts', key: 'contactId' },
    deal: { entity: 'deals', key: 'dealId' },
  },
});

export type ActivityRow = Row<typeof activityGraph>;
