import { change, type Changes, type WriteRequest, type Writer } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { CreateContactInput, TagsInput, UpdateContactInput } from '../../generated/graphql.js';
import { normalEmail } from '../../lib/emails.js';
import { withCustomFields } from '../custom-fields/custom-fields.js';
import { changesFrom, emailFault, newId, REFERENCE, trimmed, type FieldRules } from '../input.js';
import { checkCanCreate } from '../permissions.js';
import { LONGEST_TAG } from '../tags/tags.js';
import { withPhoneForms } from '../reachability.js';
import { deleteRecord, restoreRecord } from '../records.js';
import { withErasureMark } from './erased-before.js';
import type { ContactRow } from './graph.js';
import { checkCanWriteContact } from './rules.js';

export type { ContactRow } from './graph.js';
export { checkCanWriteContact } from './rules.js';

const MOST_TAGS = 50;
const TAGS = { most: MOST_TAGS, longest: LONGEST_TAG, normal: trimmed, required: true, cleared: [] } as const;
const FIELDS: FieldRules = {
  firstName: { longest: 200, cleared: '' },
  lastName: { longest: 200, cleared: '' },
  email: { longest: 254, normal: normalEmail, fault: emailFault },
  phone: { longest: 100, normal: trimmed },
  jobTitle: { longest: 200 },
  status: { required: true },
  tags: { ...TAGS, required: undefined },
  companyId: REFERENCE,
  ownerId: REFERENCE,
};

/** Makes a contact; it belongs to the caller unless the input says otherwise. Needs a name or an e-mail address. */
export async function createContact(request: WriteRequest, input: CreateContactInput): Promise<string> {
  const id = newId(input);
  const values = { ownerId: request.caller.userId, ...changesFrom(input, FIELDS) };
  checkIsNamed(values);
  return change(request, id, async (writer) => {
    checkCanCreate(writer.caller);
    const contact = await withCustomFields(writer, 'CONTACT', input, await reachOf(writer, values, null), null);
    await writer.insert('contacts', 'CREATE', { id, ...contact }, Boolean(input.id));
  });
}

/** Changes what the input names. */
export async function updateContact(
  request: WriteRequest,
  id: string,
  input: UpdateContactInput,
  expectedVersion?: number | null,
): Promise<string> {
  const changes = changesFrom(input, FIELDS);
  return edit(request, id, 'UPDATE', expectedVersion, async (contact, writer) => {
    checkIsNamed({ ...contact, ...changes });
    return withCustomFields(writer, 'CONTACT', input, await reachOf(writer, changes, contact), contact);
  });
}

/** Adds tags that are not there yet, behind those that are. */
export async function tagContact(
  request: WriteRequest,
  id: string,
  input: TagsInput,
  expectedVersion?: number | null,
): Promise<string> {
  const { tags } = changesFrom(input, { tags: TAGS }) as TagsInput;
  return edit(request, id, 'TAG', expectedVersion, (contact) => {
    const all = [...new Set([...contact.tags, ...tags])];
    if (all.length > MOST_TAGS) throw invalid(['input', 'tags'], `A contact has at most ${MOST_TAGS} tags.`, 'TOO_MANY');
    return { tags: all };
  });
}

/** Takes tags away; those that are not there do no harm. */
export async function untagContact(
  request: WriteRequest,
  id: string,
  input: TagsInput,
  expectedVersion?: number | null,
): Promise<string> {
  const { tags } = changesFrom(input, { tags: TAGS }) as TagsInput;
  return edit(request, id, 'UNTAG', expectedVersion, (contact) => ({ tags: contact.tags.filter((tag) => !tags.includes(tag)) }));
}

/** Deletes softly; deals and activities keep their link, which reads null until the contact is restored. */
export function deleteContact(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return deleteRecord<ContactRow>(request, 'contacts', id, checkCanWriteContact, expectedVersion);
}

/** Undoes a deletion. */
export function restoreContact(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return restoreRecord<ContactRow>(request, 'contacts', id, checkCanWriteContact, expectedVersion);
}

async function reachOf(writer: Writer, changes: Changes, contact: ContactRow | null): Promise<Changes> {
  return withErasureMark(writer, await withPhoneForms(writer, changes), contact);
}

function edit(
  request: WriteRequest,
  id: string,
  action: string,
  expectedVersion: number | null | undefined,
  changesOf: (contact: ContactRow, writer: Writer) => Changes | Promise<Changes>,
): Promise<string> {
  return change(request, id, async (writer) => {
    const check = (contact: ContactRow): void => checkCanWriteContact(writer.caller, contact);
    await writer.edit<ContactRow>('contacts', id, { action, expectedVersion, check, isLast: true }, (contact) =>
      changesOf(contact, writer),
    );
  });
}

function checkIsNamed(contact: Record<string, unknown>): void {
  const named = ['firstName', 'lastName', 'email'].some(
    (field) => typeof contact[field] === 'string' && contact[field].trim() !== '',
  );
  if (!named) throw invalid(['input', 'lastName'], 'A contact needs a name or an e-mail address.', 'REQUIRED');
}
