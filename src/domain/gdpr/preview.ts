import type { Reader } from '../../db/index.js';
import { notFound } from '../../errors.js';
import { countsStatement, type Count } from './queries/preview.js';
import type { LegalHoldRow } from './graph.js';
import { holdsOf } from './legal-holds.js';
import { checkCanManagePrivacy } from './rules.js';

/** SDL type ErasurePreview. */
export interface Preview {
  contactId: string;
  erased: Count[];
  /** Where what names the person is masked. */
  masked: Count[];
  holds: LegalHoldRow[];
}

/** What erasing a contact would come to; it changes nothing. @throws DomainError FORBIDDEN, NOT_FOUND. */
export async function erasurePreview(reader: Reader, contactId: string): Promise<Preview> {
  checkCanManagePrivacy(reader.caller);
  const contact = await reader.find('contacts', contactId, 'WITH');
  if (!contact || contact['erasedAt']) throw notFound('Contact');
  const counts = await reader.ask<Count>((sight) => countsStatement(sight, contact.id));
  const found = counts.filter(({ count }) => count > 0);
  const isMasked = ({ table }: Count): boolean => table === 'deals' || table === 'dealActivities';
  return {
    contactId: contact.id,
    erased: [{ table: 'contacts', count: 1 }, ...found.filter((each) => !isMasked(each))],
    masked: found.filter(isMasked),
    holds: ((await holdsOf(reader, contact.id)) ?? []).filter(({ releasedAt }) => releasedAt === null),
  };
}
