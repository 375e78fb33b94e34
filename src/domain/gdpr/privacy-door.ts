import type { ExportLinks } from './export-links.js';
import type { ReceiptClaims, Receipts } from './receipts.js';
import type { SubjectList } from './subject-lists.js';

/** What the verbs of this room need of the process. */
export interface PrivacyDoor {
  receipts: Receipts;
  exportLinks: ExportLinks;
  /** What an export of a person is made of. */
  lists: readonly SubjectList[];
  now: () => number;
  /**
   * Writes an erasure down outside of the database, inside its transaction and last: when this throws, nothing is erased. The same
   * erasure may be written twice, and one that is written may still have failed to commit; carrying it out again does no harm.
   */
  beforeCommit?:
    ((erased: Pick<ReceiptClaims, 'erasureId' | 'organizationId' | 'kind' | 'recordId'>) => Promise<void>) | undefined;
}
