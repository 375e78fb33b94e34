import type { SignedNames } from '../../lib/signed-names.js';
import type { ExportLinks } from './export-links.js';
import type { ErasureLedger } from './ledger.js';
import type { Receipts } from './receipts.js';
import type { SubjectList } from './subject-lists.js';

/** What the verbs of this room need of the process. */
export interface PrivacyDoor {
  receipts: Receipts;
  exportLinks: ExportLinks;
  /** What an export of a person is made of. */
  lists: readonly SubjectList[];
  /** Names of files that organizations take along. */
  organizationFiles: SignedNames;
  now: () => number;
  /** Where erasures are written down apart from the database; null in tests that have none. */
  ledger: ErasureLedger | null;
}
