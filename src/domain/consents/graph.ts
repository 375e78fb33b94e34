import { entity, type Row } from '../../db/graph.js';

export const consentPurposeGraph = entity({
  table: 'consent_purposes',
  scope: 'contacts',
  type: 'ConsentPurpose',
  payload: 'consentPurpose',
  root: { one: 'consentPurpose', many: 'consentPurposes' },
  fields: {
    id: 'uuid',
    orgId: 'uuid',
    key: 'text',
    name: 'text',
    description: 'text?',
    lawfulBasis: 'enum',
    isContacting: 'boolean',
    deletedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  filters: { id: ['eq', 'in'], key: ['eq', 'in'] },
  orders: ['createdAt'],
  defaultOrder: ['createdAt', 'ASC'],
});

/** Part of its purpose: there is no list of it by name. */
export const consentTextGraph = entity({
  table: 'consent_texts',
  scope: 'contacts',
  type: 'ConsentText',
  softDelete: false,
  fields: { id: 'uuid', purposeId: 'uuid', number: 'integer', label: 'text', body: 'text', createdAt: 'timestamp' },
  defaultOrder: ['createdAt', 'ASC'],
  toOne: { purpose: { entity: 'consent_purposes', key: 'purposeId', evenDeleted: true } },
});

/** Listed under its contact: whoever sees that sees these. */
export const consentGraph = entity({
  table: 'consents',
  scope: 'contacts',
  type: 'Consent',
  about: 'contactId',
  softDelete: false,
  visibility: { own: [], through: ['contact'] },
  fields: {
    id: 'uuid',
    contactId: 'uuid',
    purposeId: 'uuid',
    textId: 'uuid?',
    entry: 'integer',
    kind: 'enum',
    lawfulBasis: 'enum',
    channel: 'enum',
    source: 'text?',
    proof: 'text?',
    givenAt: 'timestamp',
    userId: 'uuid?',
    ipAddress: 'text?',
    createdAt: 'timestamp',
  },
  filters: { id: ['eq', 'in'], purposeId: ['eq', 'in'], kind: [], givenAt: [], createdAt: [] },
  orders: ['entry'],
  defaultOrder: ['entry', 'DESC'],
  toOne: {
    contact: { entity: 'contacts', key: 'contactId', evenDeleted: true },
    purpose: { entity: 'consent_purposes', key: 'purposeId', evenDeleted: true },
    recordedBy: { entity: 'users', key: 'userId' },
  },
});

export type ConsentPurposeRow = Row<typeof consentPurposeGraph>;
export type ConsentTextRow = Row<typeof consentTextGraph>;
export type ConsentRow = Row<typeof consentGraph>;
