import type { Changes, Writer } from '../../db/index.js';
import type { ContactRow } from './graph.js';

/** Whether somebody with this address or number was erased before stands beside them. Call it once the phone's forms are there. */
export async function withErasureMark(
  { people }: Writer,
  changes: Changes,
  contact: Pick<ContactRow, 'email' | 'phone' | 'phoneE164'> | null,
): Promise<Changes> {
  if (changes['email'] === undefined && changes['phone'] === undefined) return changes;
  const { email, phone, phoneE164 } = { ...contact, ...changes };
  const given = [email, phone, phoneE164].filter((each) => typeof each === 'string');
  return { ...changes, erasedBefore: await people.wasErased(given) };
}
