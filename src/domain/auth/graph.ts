import { entity, type Row } from '../../db/graph.js';

/** Read by its own user only: there is no list of it. */
export const sessionGraph = entity({
  table: 'sessions',
  type: 'Session',
  softDelete: false,
  fields: {
    id: 'uuid',
    userId: 'uuid',
    userAgent: 'text?',
    ipAddress: 'text?',
    createdAt: 'timestamp',
    lastUsedAt: 'timestamp',
    expiresAt: 'timestamp',
    endedAt: 'timestamp?',
  },
  defaultOrder: ['createdAt', 'ASC'],
});

export type SessionRow = Row<typeof sessionGraph>;
