import { addressText, entity, RANGE, type Row } from '../../db/graph.js';

/** Read by administrators only, through `auditLog`: no scope lets a key see it. */
export const auditGraph = entity({
  table: 'audit_logs',
  type: 'AuditEntry',
  softDelete: false,
  fields: {
    id: 'uuid',
    seq: 'integer',
    actorKind: 'text',
    userId: 'uuid?',
    apiKeyId: 'uuid?',
    action: 'text',
    entityType: 'text',
    entityId: 'uuid',
    entityVersion: 'integer',
    changes: 'json',
    ipAddress: 'text?',
    requestId: 'text?',
    operation: 'text?',
    createdAt: 'timestamp',
  },
  filters: {
    seq: RANGE,
    createdAt: RANGE,
    actorId: ['eq', 'in'],
    apiKeyId: ['eq', 'in'],
    action: [],
    entityType: ['eq', 'in'],
    recordId: [],
    ipAddress: [],
    requestId: [],
  },
  aliases: { actorId: 'userId', recordId: 'entityId', ipAddress: 'addressText' },
  expressions: { addressText: addressText('ipAddress') },
  orders: ['createdAt'],
  defaultOrder: ['createdAt', 'DESC'],
});

export type AuditRow = Row<typeof auditGraph>;
