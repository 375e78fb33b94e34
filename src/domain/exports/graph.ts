import { entity, type Row } from '../../db/graph.js';

/** Read by owners only, one at a time: there is no list of it. */
export const organizationExportGraph = entity({
  table: 'organization_exports',
  type: 'OrganizationExport',
  softDelete: false,
  fields: {
    id: 'uuid',
    requestedById: 'uuid',
    state: 'enum',
    rowsDone: 'integer',
    rowsTotal: 'integer?',
    size: 'decimal',
    finishedAt: 'timestamp?',
    expiresAt: 'timestamp',
    version: 'integer',
    createdAt: 'timestamp',
  },
  defaultOrder: ['createdAt', 'DESC'],
  derived: ['state', 'rowsDone', 'rowsTotal', 'size', 'finishedAt'],
  toOne: { requestedBy: { entity: 'users', key: 'requestedById' } },
});

export type OrganizationExportRow = Row<typeof organizationExportGraph>;
