import type { Transaction } from '../database.js';

type Finders = 'findFirst' | 'findMany' | 'count' | 'aggregate';
type Models =
  | ('activity' | 'company' | 'consent' | 'consentPurpose' | 'consentText' | 'contact' | 'deal' | 'dealHistory')
  | (
      | 'apiKey'
      | 'erasure'
      | 'invitation'
      | 'legalHold'
      | 'organization'
      | 'organizationExport'
      | 'pipeline'
      | 'pipelineHistory'
      | 'pipelineStage'
      | 'retentionRun'
      | 'user'
    );

/** Rows that are no records: they change beside the facts of a record, and have none of their own. */
export interface Beside {
  session: Pick<Transaction['session'], 'updateMany'>;
  registration: Pick<Transaction['registration'], 'updateMany'>;
  accountToken: Pick<Transaction['accountToken'], 'create' | 'findMany' | 'updateMany'>;
  /** Its fact is that of the values it erased. */
  erasure: Pick<Transaction['erasure'], 'create'>;
  /** Files of an export: derived from what there is. */
  subjectExport: Pick<Transaction['subjectExport'], 'updateMany'>;
  auditValue: Pick<Transaction['auditValue'], 'findMany'>;
}
/** Prisma for reading single rows inside a change. */
export type Reads = { [M in Models]: Pick<Transaction[M], Finders & keyof Transaction[M]> };
