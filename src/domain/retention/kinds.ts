import type { RetentionKind } from '../../generated/graphql.js';

interface Kind {
  /** The tables it reaches, in the order of the sweep; each has its view in the schema `retention` (prisma/access.sql). */
  tables: readonly string[];
  unit: 'months' | 'days';
  /** What a rule may say, in `unit`. */
  least: number;
  most: number;
  /** Completes "kept for … after": for the reason of an erasure. */
  what: string;
}

/** What is deleted for good by `jobs.sweep` after so many days needs no longer rule. */
const SWEPT_ANYWAY = 30;
/** A week to see what went wrong: a job that failed, a mail that did not arrive. */
const FOR_OPERATIONS = 7;

export const KINDS: Readonly<Record<RetentionKind, Kind>> = {
  INACTIVE_LEADS: { tables: ['contacts'], unit: 'months', least: 1, most: 120, what: 'leads with whom nothing happens' },
  // What refers to others goes before them.
  DELETED_RECORDS: {
    tables: ['activities', 'deals', 'contacts', 'companies'],
    ...{ unit: 'days', least: 1, most: 3_650, what: 'deleted records' },
  },
  SESSIONS: { tables: ['sessions'], unit: 'days', least: 1, most: SWEPT_ANYWAY, what: 'sessions that are over' },
  MAILS: {
    tables: ['invitations', 'account_tokens'],
    ...{ unit: 'days', least: FOR_OPERATIONS, most: 3_650, what: 'links in mails that are over' },
  },
  JOBS: { tables: ['jobs'], unit: 'days', least: FOR_OPERATIONS, most: SWEPT_ANYWAY, what: 'jobs that failed' },
};

/** Why something was removed, for receipts and the audit. */
export function reasonOf({ kind, span }: { kind: RetentionKind; span: number }): string {
  const { what, unit } = KINDS[kind];
  return `Retention rule: ${what} are kept for ${span} ${unit}.`;
}
