import type { Reader } from '../../db/index.js';
import type { Resolvers } from '../../generated/graphql.js';
import type { ContactRow } from '../contacts/contacts.js';
import { permissionsFor } from '../permissions.js';
import { consentStatus, grantConsent, withdrawConsent } from './consents.js';
import type { ConsentRow, ConsentTextRow } from './graph.js';
import * as purposes from './purposes.js';
import { canWritePurposes } from './rules.js';

export const consentResolvers: Resolvers = {
  Mutation: {
    createConsentPurpose: (_, { input }, context, info) =>
      context.write(info, (request) => purposes.createPurpose(request, input)),
    updateConsentPurpose: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => purposes.updatePurpose(request, id, input, expectedVersion)),
    deleteConsentPurpose: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => purposes.deletePurpose(request, id, expectedVersion)),
    restoreConsentPurpose: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => purposes.restorePurpose(request, id, expectedVersion)),
    addConsentText: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => purposes.addText(request, id, input, expectedVersion)),
    grantConsent: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => grantConsent(request, id, input, expectedVersion, context.door.now())),
    withdrawConsent: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => withdrawConsent(request, id, input, expectedVersion, context.door.now())),
  },
  ConsentPayload: {
    contact: async ({ id }, _, { reader }) => {
      const consent = await consentOf(reader, id);
      return consent && ((await reader.find('contacts', consent.contactId, 'WITH')) as ContactRow | null);
    },
    consent: ({ id }, _, { reader }) => consentOf(reader, id),
  },
  ConsentPurpose: {
    displayName: ({ name }) => name,
    viewerCan: (_, __, { caller }) => permissionsFor(canWritePurposes(caller)),
    texts: ({ id }, _, { reader }) => reader.embedded('consent_texts', 'purposeId', id, 'number') as Promise<ConsentTextRow[]>,
  },
  Consent: {
    text: ({ textId }, _, { reader }) =>
      textId ? (reader.find('consent_texts', textId) as Promise<ConsentTextRow | null>) : null,
  },
  Contact: { consentStatus: (contact, { purpose }, { reader }) => consentStatus(reader, contact, purpose) },
};

function consentOf(reader: Reader, id: string): Promise<ConsentRow | null> {
  return reader.find('consents', id) as Promise<ConsentRow | null>;
}
