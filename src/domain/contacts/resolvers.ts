import type { Resolvers } from '../../generated/graphql.js';
import { fullName } from '../../lib/names.js';
import { permissionsFor } from '../permissions.js';
import * as contacts from './contacts.js';
import { canWriteContact } from './rules.js';

export const contactResolvers: Resolvers = {
  Mutation: {
    createContact: (_, { input }, context, info) => context.write(info, (request) => contacts.createContact(request, input)),
    updateContact: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => contacts.updateContact(request, id, input, expectedVersion)),
    tagContact: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => contacts.tagContact(request, id, input, expectedVersion)),
    untagContact: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => contacts.untagContact(request, id, input, expectedVersion)),
    deleteContact: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => contacts.deleteContact(request, id, expectedVersion)),
    restoreContact: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => contacts.restoreContact(request, id, expectedVersion)),
  },
  Contact: {
    displayName: (contact) => fullName(contact.firstName, contact.lastName) || contact.email || contact.phone || contact.id,
    viewerCan: (contact, _, { caller }) => permissionsFor(canWriteContact(caller, contact)),
  },
};
