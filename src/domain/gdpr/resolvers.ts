import type { Reader } from '../../db/index.js';
import type { Resolvers } from '../../generated/graphql.js';
import { isUuid } from '../../lib/uuid.js';
import { eraseContact, erasureOf, eraseUser } from './erasure.js';
import { exportSubject, findExport } from './exports.js';
import type { ExportFormat, ExportLinks } from './export-links.js';
import type { ErasureRow, SubjectExportRow } from './graph.js';
import { holdsOf, placeLegalHold, releaseLegalHold } from './legal-holds.js';
import { erasurePreview } from './preview.js';
import type { Receipts } from './receipts.js';
import { liftRestriction, restrictProcessing } from './restriction.js';

export const gdprResolvers: Resolvers = {
  Query: {
    erasurePreview: (_, { contactId }, { reader }) => erasurePreview(reader, contactId),
    erasure: (_, { recordId }, { reader }) => erasureOf(reader, recordId),
    subjectExport: (_, { id }, { reader, privacy }) => findExport(reader, privacy, id),
    verifyErasureReceipt: (_, { receipt }, { reader, privacy }) => verifyReceipt(reader, privacy.receipts, receipt),
  },
  Mutation: {
    exportSubject: (_, { contactId }, context, info) =>
      context.write(info, (request) => exportSubject(request, context.reader, context.privacy, contactId)),
    eraseContact: (_, { id, reason, expectedVersion }, context, info) =>
      context.write(info, (request) => eraseContact(request, context.privacy, id, reason, expectedVersion)),
    eraseUser: (_, { id, reason, expectedVersion }, context, info) =>
      context.write(info, (request) => eraseUser(request, context.privacy, id, reason, expectedVersion)),
    restrictProcessing: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => restrictProcessing(request, id, expectedVersion, context.privacy.now())),
    liftRestriction: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => liftRestriction(request, id, expectedVersion)),
    placeLegalHold: (_, { contactId, reason }, context, info) =>
      context.write(info, (request) => placeLegalHold(request, contactId, reason)),
    releaseLegalHold: (_, { id }, context, info) =>
      context.write(info, (request) => releaseLegalHold(request, id, context.privacy.now())),
  },
  Contact: { legalHolds: ({ id }, _, { reader }) => holdsOf(reader, id) },
  Erasure: {
    counts: ({ counts }) => Object.entries(counts as Record<string, number>).map(([table, count]) => ({ table, count })),
  },
  ErasurePayload: { erasure: ({ id }, _, { reader }) => erasureOf(reader, id) },
  ErasurePreview: { legalHolds: ({ holds }) => holds },
  SubjectExport: {
    state: ({ readyAt }) => (readyAt ? 'READY' : 'PENDING'),
    jsonPath: (made, _, { privacy, caller }) => pathTo(privacy.exportLinks, caller.orgId, made, 'json'),
    htmlPath: (made, _, { privacy, caller }) => pathTo(privacy.exportLinks, caller.orgId, made, 'html'),
  },
  SubjectExportPayload: { subjectExport: ({ id }, _, { reader, privacy }) => findExport(reader, privacy, id) },
};

function pathTo(links: ExportLinks, orgId: string, made: SubjectExportRow, format: ExportFormat): string | null {
  return made.readyAt ? links.pathOf({ orgId, id: made.id, format }, Date.parse(made.expiresAt)) : null;
}

/** A receipt of another organization is none here. What the database knows of the erasure is for who may see erasures. */
async function verifyReceipt(
  reader: Reader,
  receipts: Receipts,
  receipt: string,
): Promise<{ isValid: boolean; erasure: ErasureRow | null; publicKey: object }> {
  const claims = receipts.verify(receipt);
  const isValid = claims?.organizationId === reader.caller.orgId;
  const known = isValid && isUuid(claims.erasureId) ? await reader.find('erasures', claims.erasureId) : null;
  return { isValid, erasure: known as ErasureRow | null, publicKey: receipts.publicKey };
}
