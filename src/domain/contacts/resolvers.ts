import type { Resolvers } from '../../generated/graphql.js';
import { fullName } from '../../lib/names.js';
import { permissionsFor } from '../permissions.js';
import { canWriteContact } from './rules.js';

export const contactResolvers: Resolvers = {
  Contact: {
    displayName: (contact) => fullName(contact.firstName, contact.lastName) || contact.email || contact.phone || contact.id,
    viewerCan: (contact, _, { caller }) => permissionsFor(canWriteContact(caller, contact)),
  },
};
