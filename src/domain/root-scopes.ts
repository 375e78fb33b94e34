import type { Graph } from '../db/graph.js';
import type { Caller } from '../caller.js';
import { checkScope, type Resource, type Scope, type Verb } from '../scopes.js';

/**
 * What a root field asks of an API key: a scope; `BY_RECORD`, the scopes of whatever records it is asked for; or `SIGNED_IN`,
 * which no key is.
 */
export type RootScope = Scope | 'BY_RECORD' | 'SIGNED_IN';

const VERBS: Readonly<Record<Extract<Scope, `${string}:write`>, readonly string[]>> = {
  'activities:write': [
    ...['createActivity', 'updateActivity', 'deleteActivity', 'restoreActivity'],
    ...['completeActivity', 'reopenActivity'],
  ],
  'companies:write': ['createCompany', 'updateCompany', 'deleteCompany', 'restoreCompany'],
  'contacts:write': [
    ...['createContact', 'updateContact', 'deleteContact', 'restoreContact'],
    ...['tagContact', 'untagContact'],
    ...['grantConsent', 'withdrawConsent'],
  ],
  'deals:write': [
    ...['createDeal', 'updateDeal', 'deleteDeal', 'restoreDeal'],
    ...['moveDeal', 'winDeal', 'loseDeal', 'reopenDeal'],
  ],
  'pipelines:write': ['createPipeline', 'updatePipeline', 'deletePipeline', 'restorePipeline'],
};

/** Root fields by what they ask of an API key; those that follow from the graph are not repeated here. */
const FIELDS: Readonly<Record<string, RootScope>> = {
  'Query.organization': 'organization:read',
  'Query.viewer': 'users:read',
  'Query.search': 'BY_RECORD',
  'Query.tags': 'contacts:read',
  'Query.forecast': 'deals:read',
  'Query.leaderboard': 'deals:read',
  'Query.conversion': 'deals:read',
  'Query.velocity': 'deals:read',
  'Query.pipelineAsOf': 'deals:read',
};

/** Accounts, sessions, keys and what concerns everybody in the organization are for people. */
const SIGNED_IN = [
  ...['Query.sessions', 'Mutation.logout', 'Mutation.logoutEverywhere', 'Mutation.revokeSession'],
  ...['Query.apiKeys', 'Mutation.createApiKey', 'Mutation.revokeApiKey'],
  ...['Query.auditLog', 'Query.auditHead', 'Query.auditVerify'],
  ...['Query.invitations', 'Mutation.inviteUser', 'Mutation.revokeInvitation'],
  ...['Mutation.changePassword', 'Mutation.changeEmail', 'Mutation.updateViewer'],
  ...['Mutation.updateUser', 'Mutation.changeRole', 'Mutation.deactivateUser', 'Mutation.reactivateUser'],
  ...['Mutation.reassignRecords', 'Mutation.transferOwnership', 'Mutation.updateOrganization'],
  ...['Mutation.deleteOrganization', 'Mutation.cancelOrganizationDeletion'],
  ...['Query.organizationExport', 'Mutation.exportOrganization'],
  ...['Mutation.setExchangeRate', 'Mutation.deleteExchangeRate'],
  ...['Query.erasurePreview', 'Query.erasure', 'Query.verifyErasureReceipt', 'Mutation.eraseContact'],
  'Mutation.eraseUser',
  ...['Query.subjectExport', 'Mutation.exportSubject'],
  ...['Query.retentionRules', 'Query.retentionPreview'],
  ...['Mutation.setRetentionRule', 'Mutation.activateRetentionRule', 'Mutation.removeRetentionRule'],
  ...['Mutation.restrictProcessing', 'Mutation.liftRestriction', 'Mutation.placeLegalHold', 'Mutation.releaseLegalHold'],
  ...['Mutation.renameTag', 'Mutation.mergeTags', 'Mutation.deleteTag'],
  ...['Mutation.createConsentPurpose', 'Mutation.updateConsentPurpose', 'Mutation.deleteConsentPurpose'],
  ...['Mutation.restoreConsentPurpose', 'Mutation.addConsentText'],
  ...['Mutation.createCustomField', 'Mutation.updateCustomField', 'Mutation.deleteCustomField', 'Mutation.restoreCustomField'],
];

/**
 * What each root field asks of an API key. The engine and the writer ask again for every record they read or write; this is
 * for the fields that reach neither. A field that is not here is closed to keys (test/api-keys.test.ts wants it to be here).
 */
export function rootScopes(graph: Graph): ReadonlyMap<string, RootScope> {
  const scopes = new Map<string, RootScope>(Object.entries(FIELDS));
  for (const name of SIGNED_IN) scopes.set(name, 'SIGNED_IN');
  for (const { root, scope, groups } of graph.values()) {
    const aggregates = root && Object.keys(groups).length > 0 ? [`${root.one}Aggregates`] : [];
    for (const name of root ? [root.one, root.many, ...aggregates] : [])
      scopes.set(`Query.${name}`, scope ? `${scope}:read` : 'SIGNED_IN');
  }
  for (const [scope, verbs] of Object.entries(VERBS) as [Scope, string[]][]) {
    for (const verb of verbs) scopes.set(`Mutation.${verb}`, scope);
  }
  return scopes;
}

/** That a caller may use a root field at all. @throws DomainError FORBIDDEN for an API key that may not. */
export function checkRootScope(caller: Caller, needed: RootScope | undefined): void {
  if (needed === 'BY_RECORD') return;
  const [resource, verb] = (needed ?? 'SIGNED_IN').split(':') as [Resource | 'SIGNED_IN', Verb];
  checkScope(caller, resource === 'SIGNED_IN' ? null : resource, verb);
}
