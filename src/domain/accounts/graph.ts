import { entity, type Row } from '../../db/graph.js';

/** Read by those who manage the team: there is no list of it for others. */
export const invitationGraph = entity({
  table: 'invitations',
  type: 'Invitation',
  payload: 'invitation',
  softDelete: false,
  fields: {
    id: 'uuid',
    orgId: 'uuid',
    email: 'text',
    role: 'enum',
    invitedById: 'uuid',
    expiresAt: 'timestamp',
    acceptedAt: 'timestamp?',
    userId: 'uuid?',
    revokedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  defaultOrder: ['createdAt', 'ASC'],
  toOne: { invitedBy: { entity: 'users', key: 'invitedById' } },
});

export type InvitationRow = Row<typeof invitationGraph>;
