import { entity, type Row } from '../../db/graph.js';

/** None of these is read by an API key: no scope lets one. */
export const legalHoldGraph = entity({
  table: 'legal_holds',
  type: 'LegalHold',
  payload: 'legalHold',
  softDelete: false,
  about: 'contactId',
  fields: {
    id: 'uuid',
    contactId: 'uuid',
    reason: 'text',
    placedById: 'uuid',
    releasedById: 'uuid?',
    releasedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  defaultOrder: ['createdAt', 'ASC'],
  toOne: {
    contact: { entity: 'contacts', key: 'contactId', evenDeleted: true },
    placedBy: { entity: 'users', key: 'placedById' },
    releasedBy: { entity: 'users', key: 'releasedById' },
  },
});

export const erasureGraph = entity({
  table: 'erasures',
  type: 'Erasure',
  softDelete: false,
  fields: {
    id: 'uuid',
    kind: 'enum',
    recordId: 'uuid',
    reason: 'text',
    requestedById: 'uuid?',
    counts: 'json',
    receipt: 'text',
    erasedAt: 'timestamp',
    version: 'integer',
    createdAt: 'timestamp',
  },
  defaultOrder: ['createdAt', 'DESC'],
  toOne: { requestedBy: { entity: 'users', key: 'requestedById' } },
});

export const subjectExportGraph = entity({
  table: 'subject_exports',
  type: 'SubjectExport',
  softDelete: false,
  about: 'contactId',
  fields: {
    id: 'uuid',
    contactId: 'uuid',
    requestedById: 'uuid',
    readyAt: 'timestamp?',
    expiresAt: 'timestamp',
    version: 'integer',
    createdAt: 'timestamp',
  },
  defaultOrder: ['createdAt', 'DESC'],
  toOne: {
    contact: { entity: 'contacts', key: 'contactId', evenDeleted: true },
    requestedBy: { entity: 'users', key: 'requestedById' },
  },
});

export type LegalHoldRow = Row<typeof legalHoldGraph>;
export type ErasureRow = Row<typeof erasureGraph>;
export type SubjectExportRow = Row<typeof subjectExportGraph>;
