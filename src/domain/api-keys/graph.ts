import { entity, type Row } from '../../db/graph.js';

/** Read by people who signed in only: no scope lets a key see keys. There is no list of it by name. */
export const apiKeyGraph = entity({
  table: 'api_keys',
  type: 'ApiKey',
  payload: 'apiKey',
  softDelete: false,
  secrets: ['secretHash'],
  fields: {
    id: 'uuid',
    orgId: 'uuid',
    userId: 'uuid',
    name: 'text',
    hint: 'text',
    scopes: 'tags',
    expiresAt: 'timestamp',
    lastUsedAt: 'timestamp?',
    revokedAt: 'timestamp?',
    createdAt: 'timestamp',
  },
  defaultOrder: ['createdAt', 'DESC'],
  toOne: { createdBy: { entity: 'users', key: 'userId' } },
});

export type ApiKeyRow = Row<typeof apiKeyGraph>;
