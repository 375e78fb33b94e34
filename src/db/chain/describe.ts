import type { FaultReason } from './check-link.js';
import type { Verdict } from './verify-all.js';

const REASONS: Record<FaultReason, string> = {
  MISSING_FACT: 'is missing',
  BROKEN_LINK: 'does not follow from the one before it',
  EDITED_FACT: 'was edited',
  EDITED_VALUE: 'has a value that was edited',
  MISSING_VALUE: 'misses a value that no erasure lists',
  UNKNOWN_VALUE: 'has a value that does not belong to it',
  EDITED_ADDRESS: 'has an address that was edited',
  EDITED_ERASURE: 'lists erased values otherwise than it did',
  WRONG_COUNT: 'is beyond what the organization counts',
  OTHER_THAN_ANCHOR: 'is another one than the anchor knows',
};

/** Whether a chain is whole. One that a restored backup took back is. */
export function isInOrder({ report }: Verdict): boolean {
  return report !== null && report.firstBad === null;
}

/** Lines for the person at the terminal; none for a chain without anything to tell. */
export function describeVerdict({ organizationId, report, restores }: Verdict): string[] {
  const lines = restores.map(({ seq, backupAt, restoredAt, lostThrough }) => {
    const lost = lostThrough === null ? '' : `; facts ${seq + 1} to ${lostThrough} of the history before are not here`;
    return `${organizationId}: restored at ${restoredAt} from a backup of ${backupAt}, which ended with fact ${seq}${lost}.`;
  });
  if (report === null)
    return [`${organizationId}: the anchors know it, and it is not here. If it was deleted, name it with --gone.`];
  if (!report.firstBad) return lines;
  const { seq, reason } = report.firstBad;
  return [...lines, `${organizationId}: fact ${seq} ${REASONS[reason]} (${reason}).`];
}
