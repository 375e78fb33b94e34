import { v7 as uuidv7 } from 'uuid';
import { change, type Reader, type WriteRequest, type Writer } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { ConsentStatus, GrantConsentInput, WithdrawConsentInput } from '../../generated/graphql.js';
import { checkCanWriteContact, type ContactRow } from '../contacts/contacts.js';
import { changesFrom, trimmed, type FieldRules } from '../input.js';
import type { ConsentPurposeRow, ConsentRow } from './graph.js';

const EVIDENCE: FieldRules = {
  source: { longest: 500, normal: trimmed },
  proof: { longest: 2_000, normal: trimmed },
};
/** Clocks of forms may run ahead a little. */
const AHEAD_MS = 60_000;

type Kind = ConsentRow['kind'];

/** Who adds an entry to whose ledger. */
interface Entry {
  request: WriteRequest;
  contactId: string;
  kind: Kind;
  input: WithdrawConsentInput & Partial<GrantConsentInput>;
  expectedVersion: number | null | undefined;
  now: number;
}

/** Notes that a person agreed. */
export function grantConsent(
  request: WriteRequest,
  contactId: string,
  input: GrantConsentInput,
  expectedVersion: number | null | undefined,
  now: number,
): Promise<string> {
  return addEntry({ request, contactId, kind: 'GRANTED', input, expectedVersion, now });
}

/** Notes that a person took it back; of a deleted contact, and for a deleted purpose, too. */
export function withdrawConsent(
  request: WriteRequest,
  contactId: string,
  input: WithdrawConsentInput,
  expectedVersion: number | null | undefined,
  now: number,
): Promise<string> {
  return addEntry({ request, contactId, kind: 'WITHDRAWN', input, expectedVersion, now });
}

/** What a person's last entry for a purpose says; of a purpose that never was, there is none. */
export async function consentStatus(reader: Reader, contact: { id: string }, key: string): Promise<ConsentStatus> {
  const { orgId } = reader.caller;
  const purposes = (await reader.embedded('consent_purposes', 'orgId', orgId, 'createdAt')) as ConsentPurposeRow[];
  const purpose = purposes.find((each) => each.key === key);
  if (!purpose) return 'NONE';
  const filter = { purposeId: { eq: purpose.id } };
  const [last] = (await reader.many('contacts', 'consents', contact, { first: 1, filter }).nodes()) as ConsentRow[];
  return last?.kind ?? 'NONE';
}

/** One after the other for each contact: whoever adds an entry holds the contact until its commit. */
async function addEntry({ request, contactId, kind, input, expectedVersion, now }: Entry): Promise<string> {
  const id = uuidv7();
  const evidence = changesFrom(input, EVIDENCE);
  if (input.givenAt && Date.parse(input.givenAt) > now + AHEAD_MS)
    throw invalid(['input', 'givenAt'], 'This is in the future. Say when the person said so.', 'OUT_OF_RANGE');
  return change(request, id, async (writer) => {
    const { row: contact } = await writer.edit<ContactRow>(
      'contacts',
      contactId,
      {
        action: 'UPDATE',
        expectedVersion,
        evenDeleted: kind === 'WITHDRAWN',
        evenRestricted: kind === 'WITHDRAWN',
        check: (row) => checkCanWriteContact(writer.caller, row),
      },
      () => ({}),
    );
    const purpose = await purposeOf(writer, input.purpose, kind);
    const { entry, givenAt } = await nextEntry(writer, contact.id, purpose.id, input.givenAt, now);
    const textId = await textOf(writer, purpose.id, input.textVersion);
    const about = { contactId: contact.id, purposeId: purpose.id, textId, lawfulBasis: input.lawfulBasis ?? purpose.lawfulBasis };
    const how = { channel: input.channel ?? 'OTHER', ...evidence, givenAt };
    const who = { userId: writer.caller.userId, ipAddress: request.origin.ip };
    const action = kind === 'GRANTED' ? 'GRANT' : 'WITHDRAW';
    await writer.insert('consents', action, { id, entry, kind, ...about, ...how, ...who }, false);
  });
}

async function purposeOf(writer: Writer, key: string, kind: Kind): Promise<Pick<ConsentPurposeRow, 'id' | 'lawfulBasis'>> {
  const where = { ...writer.tenant, key: /\0/.test(key) ? '' : key };
  const purpose = await writer.reads.consentPurpose.findFirst({
    where,
    select: { id: true, lawfulBasis: true, deletedAt: true },
  });
  if (!purpose || (purpose.deletedAt && kind === 'GRANTED')) throw noPurpose(['input', 'purpose'], key);
  return purpose;
}

/**
 * The number of a new entry, and when its words were said: now, which is never before what is known already. What a person said earlier than what is known already is no news: noted late, a consent would
 * bring back one that was withdrawn since.
 */
async function nextEntry(
  writer: Writer,
  contactId: string,
  purposeId: string,
  given: string | null | undefined,
  now: number,
): Promise<{ entry: number; givenAt: string }> {
  const where = { ...writer.tenant, contactId };
  const { consent } = writer.reads;
  const last = await consent.findFirst({ where: { ...where, purposeId }, orderBy: { entry: 'desc' }, select: { givenAt: true } });
  const known = last?.givenAt.getTime() ?? -Infinity;
  if (last && given && Date.parse(given) < known)
    throw invalid(
      ['input', 'givenAt'],
      `The last word on this is of ${last.givenAt.toISOString()}. What was said before it no longer counts.`,
      'OUT_OF_RANGE',
    );
  const newest = await consent.findFirst({ where, orderBy: { entry: 'desc' }, select: { entry: true } });
  return { entry: (newest?.entry ?? 0) + 1, givenAt: given ?? new Date(Math.max(now, known)).toISOString() };
}

async function textOf(writer: Writer, purposeId: string, label: string | null | undefined): Promise<string | null> {
  if (label === null || label === undefined) return null;
  const where = { ...writer.tenant, purposeId, label: /\0/.test(label) ? '' : label };
  const text = await writer.reads.consentText.findFirst({ where, select: { id: true } });
  if (!text)
    throw invalid(
      ['input', 'textVersion'],
      'The purpose has no text with this label. Add it first (addConsentText).',
      'NOT_FOUND',
    );
  return text.id;
}

function noPurpose(path: string[], key: string): Error {
  return invalid(path, `There is no purpose ${JSON.stringify(key.slice(0, 50))} to consent to.`, 'NOT_FOUND');
}
