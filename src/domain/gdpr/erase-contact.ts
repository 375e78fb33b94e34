import type { Writer } from '../../db/index.js';
import { mentionsOf, type Mentions } from '../../lib/mentions.js';
import {
  countsOf,
  eachOnce,
  eraseInvitations,
  toldAbout,
  type ErasedRows,
  type ErasedWho,
  type ToldValue,
} from './erased-rows.js';

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
 */
export async function eraseContactRows(
  writer: Writer,
  { recordId: contactId, erasureId, reason, now }: ErasedWho,
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
async function knownOf(writer: Writer, contactId: string): Promise<Known> {
  const { reads, tenant } = writer;
  const contact = await reads.contact.findFirst({
    where: { ...tenant, id: contactId },
    select: { firstName: true, lastName: true, email: true, phone: true, phoneE164: true },
  });
  const of = await toldAbout(writer, { type: 'Contact', id: contactId, now: contact, fields: [...NAMES, ...REACH] });
  return { names: of(...NAMES), reach: of(...REACH) };
}

async function dealsOf({ reads, tenant }: Writer, contactId: string): Promise<string[]> {
  const rows = await reads.deal.findMany({ where: { ...tenant, contactId }, select: { id: true }, orderBy: { id: 'asc' } });
  return rows.map(({ id }) => id);
}

async function valuesToErase(
  { people }: Writer,
  erased: Record<string, string[]>,
  dealIds: string[],
  mentions: Mentions,
): Promise<ToldValue[]> {
  const whole = await Promise.all(Object.entries(erased).map(([table, ids]) => people.valuesTold(table, 'id', ids)));
  const named = await people.valuesTold('deals', 'id', dealIds, { mentions });
  const about = await people.valuesTold('activities', 'dealId', dealIds, { mentions });
  return eachOnce([...whole.flat(), ...named, ...about]);
}
