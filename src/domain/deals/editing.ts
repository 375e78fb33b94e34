import type { Writer } from '../../db/index.js';
import type { DealRow } from './graph.js';
import { checkCanWriteDeal } from './rules.js';

/** How every verb edits a deal: whoever may write it, at the version it was read with. */
export function editOf(
  writer: Writer,
  action: string,
  expectedVersion: number | null | undefined,
): { action: string; expectedVersion: number | null | undefined; check: (deal: DealRow) => void } {
  return { action, expectedVersion, check: (deal) => checkCanWriteDeal(writer.caller, deal) };
}
