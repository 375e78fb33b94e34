import { entity, type Row } from '../../db/graph.js';

/** Read by owners and admins who signed in. */
export const retentionRuleGraph = entity({
  table: 'retention_rules',
  type: 'RetentionRule',
  payload: 'retentionRule',
  softDelete: false,
  fields: {
    id: 'uuid',
    orgId: 'uuid',
    kind: 'enum',
    span: 'integer',
    state: 'enum',
    activatedById: 'uuid?',
    activatedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  defaultOrder: ['createdAt', 'ASC'],
  toOne: { activatedBy: { entity: 'users', key: 'activatedById' } },
});

export const retentionRunGraph = entity({
  table: 'retention_runs',
  type: 'RetentionRun',
  softDelete: false,
  fields: {
    id: 'uuid',
    ruleId: 'uuid',
    state: 'enum',
    step: 'integer',
    lastId: 'uuid?',
    examined: 'integer',
    removed: 'integer',
    skipped: 'integer',
    held: 'json',
    error: 'text?',
    finishedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
  },
  defaultOrder: ['createdAt', 'DESC'],
  derived: ['step', 'lastId', 'held', 'error'],
  toOne: { rule: { entity: 'retention_rules', key: 'ruleId', evenDeleted: true } },
});

export type RetentionRuleRow = Row<typeof retentionRuleGraph>;
export type RetentionRunRow = Row<typeof retentionRunGraph>;
