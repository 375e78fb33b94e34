import { entity, type Row } from '../../db/graph.js';

export const organizationGraph = entity({
  table: 'organizations',
  scope: 'organization',
  type: 'Organization',
  tenant: 'id',
  softDelete: false,
  fields: {
    id: 'uuid',
    name: 'text',
    slug: 'text',
    settings: 'json',
    subscriptionPlan: 'enum',
    deletionDueAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  defaultOrder: ['createdAt', 'ASC'],
  toMany: {
    users: { entity: 'users', key: null },
    contacts: { entity: 'contacts', key: null },
    companies: { entity: 'companies', key: null },
    pipelines: { entity: 'pipelines', key: null },
    deals: { entity: 'deals', key: null },
    activities: { entity: 'activities', key: null },
  },
});

export type OrganizationRow = Row<typeof organizationGraph>;
