import { change, type Reader, type WriteRequest, type Writer } from '../../db/index.js';
import { invalid } from '../../errors.js';
import { checkCanReassign } from './rules.js';
import { holdActiveUser, holdUser } from './standing.js';

/** Whose records went where. */
export interface Reassigned {
  id: string;
  to: string;
}

/** What one change takes (docs/decisions/0016-reassigning.md); what is left takes another one. */
const MOST_REASSIGNED = 10_000;

/** Gives records of one user to another: contacts, companies, deals, and activities that are still to be done. */
export async function reassignRecords(request: WriteRequest, from: string, to: string): Promise<string> {
  return change(request, from, async (writer) => {
    checkCanReassign(writer.caller);
    const giver = await holdUser(writer, from, ['from']);
    const taker = await holdActiveUser(writer, to, ['to']);
    if (giver.id !== taker.id) await give(writer, await findRecords(writer, giver.id, MOST_REASSIGNED), giver.id, taker.id);
  });
}

/** Gives all records, or none: both users are held. @throws DomainError INVALID_INPUT when there are more than one change takes. */
export async function giveAllRecords(writer: Writer, from: string, to: string, path: string[]): Promise<void> {
  const records = await findRecords(writer, from, MOST_REASSIGNED + 1);
  if (sum(records.map(({ ids }) => ids.length)) > MOST_REASSIGNED) {
    const message = `There are more than ${MOST_REASSIGNED} records. Give them to somebody with reassignRecords first.`;
    throw invalid(path, message, 'TOO_MANY');
  }
  await give(writer, records, from, to);
}

/** How many records a user still has that could be given away. */
export async function countRecords(reader: Reader, user: { id: string }): Promise<number> {
  const undone = { isCompleted: { eq: false } };
  const lists = ['contacts', 'companies', 'deals'].map((relation) => reader.many('users', relation, user, {}));
  const counts = [...lists, reader.many('users', 'activities', user, { filter: undone })].map((list) => list.totalCount());
  return sum(await Promise.all(counts));
}

interface Found {
  table: string;
  ids: string[];
}

/** Who looks after a record says nothing about the person: it changes hands even when their data was set aside. */
async function give(writer: Writer, records: Found[], from: string, to: string): Promise<void> {
  for (const { table, ids } of records)
    await writer.editAll(table, ids, 'REASSIGN', (row) => (row['ownerId'] === from ? { ownerId: to } : {}), 'targeted', true);
}

async function findRecords({ reads, tenant }: Writer, ownerId: string, most: number): Promise<Found[]> {
  const where = { ...tenant, ownerId, deletedAt: null };
  const part = (take: number) => ({ select: { id: true }, orderBy: { id: 'asc' as const }, take });
  const finders: Record<string, (take: number) => Promise<{ id: string }[]>> = {
    companies: (take) => reads.company.findMany({ where, ...part(take) }),
    contacts: (take) => reads.contact.findMany({ where, ...part(take) }),
    deals: (take) => reads.deal.findMany({ where, ...part(take) }),
    activities: (take) => reads.activity.findMany({ where: { ...where, isCompleted: false }, ...part(take) }),
  };
  const found: Found[] = [];
  for (const [table, find] of Object.entries(finders)) {
    const room = most - sum(found.map(({ ids }) => ids.length));
    found.push({ table, ids: room > 0 ? (await find(room)).map(({ id }) => id) : [] });
  }
  return found;
}

function sum(counts: number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
