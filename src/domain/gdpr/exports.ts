import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../../caller.js';
import { change, type Database, type Reader, type Task, type WriteRequest, type Writer } from '../../db/index.js';
import { notFound } from '../../errors.js';
import type { SubjectExportRow } from './graph.js';
import type { PrivacyDoor } from './privacy-door.js';
import { sizeStatement } from './queries/subject.js';
import { checkCanManagePrivacy } from './rules.js';
import { contentOf } from './subject-content.js';
import { writeFiles, type ExportFiles } from './subject-files.js';
import { PAGE_POLICY } from './subject-page.js';

/** Up to so many rows an export is made while its request waits: a quarter of a second. */
const MOST_AT_ONCE = 500;
/** How long files are kept, and links to them lead somewhere. */
const KEPT_MS = 24 * 3_600_000;

type Door = Pick<PrivacyDoor, 'lists' | 'now'>;

/**
 * Exports all that is held about a contact: at once, or by a job where there is much. A deleted one and a restricted one, too: it is for
 * the person. @returns the export's id.
 */
export async function exportSubject(request: WriteRequest, reader: Reader, door: Door, contactId: string): Promise<string> {
  checkCanManagePrivacy(reader.caller);
  const contact = await reader.find('contacts', contactId, 'WITH');
  if (!contact || contact['erasedAt']) throw notFound('Contact');
  const [counted] = await reader.ask<{ size: number }>((sight) => sizeStatement(sight, door.lists, contact.id));
  const isSmall = (counted?.size ?? 0) <= MOST_AT_ONCE;
  const files = isSmall ? await filesAbout(reader, door, contact.id) : null;
  const id = uuidv7();
  return change(request, id, async (writer) => {
    const check = (): void => checkCanManagePrivacy(writer.caller);
    // Behind the contact's lock: files are there for an erasure to empty, or there is nobody to export any more.
    await writer.edit('contacts', contact.id, { action: 'EXPORT', check, evenDeleted: true, evenRestricted: true }, () => ({}));
    const values = { contactId: contact.id, requestedById: writer.caller.userId };
    await writer.insert('subject_exports', 'EXPORT', { id, ...values, expiresAt: endOf(door) }, false);
    if (files) await keep(writer, door, id, files);
    else await writer.enqueue({ task: 'subjectExport', payload: { id }, key: id });
  });
}

/** An export that can still be fetched or is being made; null otherwise. @throws DomainError FORBIDDEN. */
export async function findExport(
  reader: Reader,
  { now }: Pick<PrivacyDoor, 'now'>,
  id: string,
): Promise<SubjectExportRow | null> {
  checkCanManagePrivacy(reader.caller);
  const found = (await reader.find('subject_exports', id)) as SubjectExportRow | null;
  if (!found || Date.parse(found.expiresAt) <= now()) return null;
  const contact = await reader.find('contacts', found.contactId, 'WITH');
  return contact?.['erasedAt'] ? null : found;
}

/** The task `subjectExport`: makes the files of an export, in the name of who asked for it. */
export function subjectExportTask(database: Database, door: Door): Task {
  return async ({ orgId, payload: { id = '' }, jobId }) => {
    const asker = await database.write(orgId, (tx) =>
      tx.subjectExport.findFirst({ where: { orgId, id, readyAt: null }, select: { contactId: true, requestedById: true } }),
    );
    if (!asker) return;
    const caller: Caller = { orgId, userId: asker.requestedById, role: 'ADMIN', via: { kind: 'SESSION', sessionId: jobId } };
    const reader = database.readerFor(caller);
    try {
      const files = await filesAbout(reader, door, asker.contactId);
      const origin = { requestId: jobId, ip: null, operation: null };
      await change({ caller, database, origin, idempotency: null }, id, async (writer) => {
        const contact = await writer.hold('contacts', asker.contactId, false);
        if (contact && !contact['erasedAt']) await keep(writer, door, id, files);
      });
    } finally {
      reader.close();
    }
  };
}

/** A file of an export, compressed, and what it is sent as. */
export interface OpenedExport {
  packed: Uint8Array;
  filename: string;
  contentType: string;
  policy: string;
}

/** The file that a signed name leads to; null when it does not, or is over. Whoever has the link gets it. */
export async function openExport(
  database: Pick<Database, 'write'>,
  { exportLinks, now }: Pick<PrivacyDoor, 'exportLinks' | 'now'>,
  name: string,
): Promise<OpenedExport | null> {
  const file = exportLinks.open(name);
  if (!file) return null;
  const { orgId, id, format } = file;
  const where = { orgId, id, expiresAt: { gt: new Date(now()) } };
  const found = await database.write(orgId, (tx) =>
    tx.subjectExport.findFirst({ where, select: { readyAt: true, json: format === 'json', html: format === 'html' } }),
  );
  const packed = found?.[format];
  if (!packed) return null;
  return { packed, filename: `subject-export-${id}.${format}`, ...SENT_AS[format] };
}

const SENT_AS = {
  json: { contentType: 'application/json; charset=utf-8', policy: "default-src 'none'" },
  html: { contentType: 'text/html; charset=utf-8', policy: `${PAGE_POLICY}; frame-ancestors 'none'; sandbox` },
};

async function filesAbout(reader: Reader, { lists, now }: Door, contactId: string): Promise<ExportFiles> {
  const { orgId } = reader.caller;
  const organization = await reader.find('organizations', orgId);
  const head = {
    exportedAt: new Date(now()).toISOString(),
    organization: { id: orgId, name: (organization?.['name'] as string | undefined) ?? '' },
    contactId,
  };
  return writeFiles(head, contentOf(reader, lists, contactId));
}

async function keep({ beside, caller }: Writer, door: Door, id: string, { json, html }: ExportFiles): Promise<void> {
  const data = { json: new Uint8Array(json), html: new Uint8Array(html), readyAt: new Date(door.now()), expiresAt: endOf(door) };
  await beside.subjectExport.updateMany({ where: { orgId: caller.orgId, id }, data });
}

function endOf({ now }: Door): string {
  return new Date(now() + KEPT_MS).toISOString();
}
