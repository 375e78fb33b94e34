import type { Writer } from '../../db/index.js';
import { mentionsOf, type Mentions } from '../../lib/mentions.js';

/** What erasing a contact came to. */
export interface ErasedRows {
  /** Rows that were erased or masked, by table; `facts` are values of the audit. */
  counts: Record<string, number>;
  /** For masking the person in other texts. */
  mentions: Mentions;
}

/** What somebody is known by, now and before. */
interface Known {
  names: string[];
  /** Addresses and numbers. */
  reach: string[];
}

const NAMES = ['firstName', 'lastName'];
const REACH = ['email', 'phone', 'phoneE164'];

/**
 * Erases a contact and everything about that person, in one change: by ids alone, whoever carries it out. Of a contact that is erased
 * already it erases nothing. Everything is a statement a table, however many rows there are.
 *
 * @param erasureId what the fact of the values that go is about.
 */
export async function eraseContactRows(
  writer: Writer,
  { contactId, erasureId, reason, now }: { contactId: string; erasureId: string; reason: string; now: string },
): Promise<ErasedRows> {
  const { people } = writer;
  const known = await knownOf(writer, contactId);
  const mentions = mentionsOf([...known.names, ...known.reach]);
  const dealIds = await dealsOf(writer, contactId);
  const also = { erasedAt: now, deletedAt: now, restrictedAt: null };
  const erased: Record<string, string[]> = { contacts: await people.erase('contacts', 'id', contactId, also) };
  Object.assign(erased, await people.eraseAbout(contactId));
  erased['invitations'] = await eraseInvitations(writer, known.reach, now);
  const masked: Record<string, string[]> = {
    deals: await people.eraseMentions('deals', 'id', dealIds, mentions),
    activities: await people.eraseMentions('activities', 'dealId', dealIds, mentions),
  };
  const values = await valuesToErase(writer, { ...erased, contacts: [contactId] }, dealIds, mentions);
  if (values.length > 0)
    writer.eraseValues({ subject: { type: 'Erasure', id: erasureId, version: 1 }, reason: mentions.masked(reason), values });
  await people.rememberErased(known.reach);
  await people.forgetRequests([contactId, ...(erased['activities'] ?? [])]);
  return { counts: countsOf(erased, masked, values.length), mentions };
}

/** Now, and as facts tell it. */
async function knownOf({ reads, beside, tenant }: Writer, contactId: string): Promise<Known> {
  const contact = await reads.contact.findFirst({
    where: { ...tenant, id: contactId },
    select: { firstName: true, lastName: true, email: true, phone: true, phoneE164: true },
  });
  const told = await beside.auditValue.findMany({
    where: { ...tenant, field: { in: [...NAMES, ...REACH] }, audit: { entityType: 'Contact', entityId: contactId } },
    select: { field: true, before: true, after: true },
  });
  const before = told.flatMap(({ field, before: old, after }) => [
    [field, old],
    [field, after],
  ]);
  const all = [...Object.entries(contact ?? {}), ...before] as [string, unknown][];
  const of = (fields: string[]): string[] => [
    ...new Set(all.flatMap(([field, value]) => (fields.includes(field) && typeof value === 'string' && value ? [value] : []))),
  ];
  return { names: of(NAMES), reach: of(REACH) };
}

async function dealsOf({ reads, tenant }: Writer, contactId: string): Promise<string[]> {
  const rows = await reads.deal.findMany({ where: { ...tenant, contactId }, select: { id: true }, orderBy: { id: 'asc' } });
  return rows.map(({ id }) => id);
}

/** Those that were sent to the person and never accepted: who did is a colleague, and erased as one. */
async function eraseInvitations({ reads, people, tenant }: Writer, reach: string[], now: string): Promise<string[]> {
  const sent = await reads.invitation.findMany({
    where: { ...tenant, email: { in: reach }, acceptedAt: null },
    select: { id: true, revokedAt: true },
    orderBy: { id: 'asc' },
  });
  for (const { id, revokedAt } of sent) await people.erase('invitations', 'id', id, revokedAt ? {} : { revokedAt: now });
  return sent.map(({ id }) => id);
}

async function valuesToErase(
  { people }: Writer,
  erased: Record<string, string[]>,
  dealIds: string[],
  mentions: Mentions,
): Promise<{ auditId: string; field: string }[]> {
  const whole = await Promise.all(Object.entries(erased).map(([table, ids]) => people.valuesTold(table, 'id', ids)));
  const named = await people.valuesTold('deals', 'id', dealIds, mentions);
  const about = await people.valuesTold('activities', 'dealId', dealIds, mentions);
  const all = new Map([...whole.flat(), ...named, ...about].map((value) => [`${value.auditId} ${value.field}`, value]));
  return [...all.values()];
}

function countsOf(erased: Record<string, string[]>, masked: Record<string, string[]>, facts: number): Record<string, number> {
  const tables = [...new Set([...Object.keys(erased), ...Object.keys(masked)])];
  const counted = tables.map((table): [string, number] => [
    table,
    new Set([...(erased[table] ?? []), ...(masked[table] ?? [])]).size,
  ]);
  return Object.fromEntries([...counted, ['facts', facts] as [string, number]].filter(([, count]) => count > 0));
}
