import type { Graph } from '../db/graph.js';
import type { Database, Task } from '../db/index.js';
import type { Resolvers } from '../generated/graphql.js';
import { addressTask } from './accounts/addresses.js';
import { invitationGraph } from './accounts/graph.js';
import { accountMails } from './accounts/mails.js';
import { accountResolvers, PUBLIC_ACCOUNT_FIELDS } from './accounts/resolvers.js';
import { activityGraph } from './activities/graph.js';
import { activityResolvers } from './activities/resolvers.js';
import { apiKeyGraph } from './api-keys/graph.js';
import { apiKeyResolvers } from './api-keys/resolvers.js';
import { auditGraph } from './audit/graph.js';
import { auditResolvers } from './audit/resolvers.js';
import { sessionGraph } from './auth/graph.js';
import { authMails } from './auth/mails.js';
import { authResolvers, PUBLIC_AUTH_FIELDS } from './auth/resolvers.js';
import { companyGraph } from './companies/graph.js';
import { companyResolvers } from './companies/resolvers.js';
import { consentGraph, consentPurposeGraph, consentTextGraph } from './consents/graph.js';
import { consentResolvers } from './consents/resolvers.js';
import { contactGraph } from './contacts/graph.js';
import { contactResolvers } from './contacts/resolvers.js';
import { customFieldGraph } from './custom-fields/graph.js';
import { customFieldResolvers } from './custom-fields/resolvers.js';
import { dealGraph } from './deals/graph.js';
import { dealResolvers } from './deals/resolvers.js';
import { organizationExportGraph } from './exports/graph.js';
import { organizationExportTask } from './exports/making.js';
import { exportResolvers } from './exports/resolvers.js';
import { subjectExportTask } from './gdpr/exports.js';
import { erasureGraph, legalHoldGraph, subjectExportGraph } from './gdpr/graph.js';
import type { PrivacyDoor } from './gdpr/privacy-door.js';
import { gdprResolvers } from './gdpr/resolvers.js';
import type { Composers } from './mail/mail.js';
import { organizationGraph } from './organizations/graph.js';
import { organizationResolvers } from './organizations/resolvers.js';
import { pipelineGraph, stageGraph } from './pipelines/graph.js';
import { pipelineResolvers } from './pipelines/resolvers.js';
import { rateGraph } from './rates/graph.js';
import { rateResolvers } from './rates/resolvers.js';
import { retentionRuleGraph, retentionRunGraph } from './retention/graph.js';
import { retentionResolvers } from './retention/resolvers.js';
import { retentionTask } from './retention/task.js';
import { searchResolvers } from './search/resolvers.js';
import { reportResolvers } from './reports/resolvers.js';
import { tagResolvers } from './tags/resolvers.js';
import { timelineResolvers } from './timeline/resolvers.js';
import { userGraph } from './users/graph.js';
import { userResolvers } from './users/resolvers.js';

/** Root fields that need no caller. */
export const PUBLIC_FIELDS: readonly string[] = [...PUBLIC_AUTH_FIELDS, ...PUBLIC_ACCOUNT_FIELDS];

/** The list of rooms. Adding a room is adding its lines here. */
export const graph: Graph = new Map(
  [
    activityGraph,
    apiKeyGraph,
    auditGraph,
    companyGraph,
    consentGraph,
    consentPurposeGraph,
    consentTextGraph,
    contactGraph,
    customFieldGraph,
    dealGraph,
    erasureGraph,
    invitationGraph,
    legalHoldGraph,
    organizationExportGraph,
    organizationGraph,
    pipelineGraph,
    rateGraph,
    retentionRuleGraph,
    retentionRunGraph,
    sessionGraph,
    stageGraph,
    subjectExportGraph,
    userGraph,
  ].map((room) => [room.table, room]),
);

/** Who composes which mail. */
export const mails: Composers = { ...accountMails, ...authMails };

/** What a worker can do beside sending mails. */
export const tasksOf = (database: Database, privacy: PrivacyDoor): Record<string, Task> => ({
  address: addressTask(database, privacy.now),
  subjectExport: subjectExportTask(database, privacy),
  organizationExport: organizationExportTask(database, privacy.now),
  retention: retentionTask(database, privacy),
});

export const resolvers: Resolvers[] = [
  accountResolvers,
  activityResolvers,
  apiKeyResolvers,
  auditResolvers,
  authResolvers,
  companyResolvers,
  consentResolvers,
  contactResolvers,
  customFieldResolvers,
  dealResolvers,
  exportResolvers,
  gdprResolvers,
  organizationResolvers,
  pipelineResolvers,
  rateResolvers,
  reportResolvers,
  retentionResolvers,
  searchResolvers,
  tagResolvers,
  timelineResolvers,
  userResolvers,
];
