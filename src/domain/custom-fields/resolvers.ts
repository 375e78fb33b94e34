import type { Reader } from '../../db/index.js';
import type { Resolvers } from '../../generated/graphql.js';
import { permissionsFor } from '../permissions.js';
import * as customFields from './custom-fields.js';
import type { CustomFieldRow } from './graph.js';
import { canWriteCustomFields } from './rules.js';
import { shownValues } from './values.js';

export const customFieldResolvers: Resolvers = {
  Mutation: {
    createCustomField: (_, { input }, context, info) =>
      context.write(info, (request) => customFields.createCustomField(request, input)),
    updateCustomField: (_, { id, input, expectedVersion }, context, info) =>
      context.write(info, (request) => customFields.updateCustomField(request, id, input, expectedVersion)),
    deleteCustomField: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => customFields.deleteCustomField(request, id, expectedVersion)),
    restoreCustomField: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => customFields.restoreCustomField(request, id, expectedVersion)),
  },
  CustomField: {
    displayName: ({ label }) => label,
    viewerCan: (_, __, { caller }) => permissionsFor(canWriteCustomFields(caller)),
    options: ({ options }) => options as { value: string; label: string }[],
  },
  Contact: { customFields: (row, _, { reader }) => values(reader, 'CONTACT', row) },
  Company: { customFields: (row, _, { reader }) => values(reader, 'COMPANY', row) },
  Deal: { customFields: (row, _, { reader }) => values(reader, 'DEAL', row) },
};

async function values(reader: Reader, entity: CustomFieldRow['entity'], row: { customFields: unknown }): Promise<unknown> {
  const definitions = await reader.customFields();
  return shownValues(
    definitions.filter((definition) => definition.entity === entity),
    row.customFields,
  );
}
