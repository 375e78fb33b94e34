import type { Reader } from '../../db/index.js';
import { notFound } from '../../errors.js';
import type { RetentionHold } from '../../generated/graphql.js';
import type { RetentionRuleRow } from './graph.js';
import { countsStatement, sampleStatement, type DueCount, type DueSample } from './queries.js';
import { checkCanManageRetention } from './rules.js';

const SAMPLE = 20;

/** SDL type RetentionHeldBack. */
export interface HeldBack {
  reason: RetentionHold;
  count: number;
}

/** SDL type RetentionPreview. */
export interface PreviewRow {
  rule: RetentionRuleRow;
  wouldRemove: number;
  tables: { table: string; count: number }[];
  heldBack: HeldBack[];
}

/** What sweeping by a rule would come to; it changes nothing. @throws DomainError FORBIDDEN, NOT_FOUND. */
export async function retentionPreview(reader: Reader, ruleId: string): Promise<PreviewRow> {
  checkCanManageRetention(reader.caller);
  const rule = (await reader.find('retention_rules', ruleId)) as RetentionRuleRow | null;
  if (!rule) throw notFound('RetentionRule');
  const counts = await reader.ask<DueCount>(() => countsStatement(rule));
  const tables = counts.filter(({ held }) => held === null).map(({ table, count }) => ({ table, count }));
  const held = counts.filter((each) => each.held !== null).map((each): [string, number] => [each.held as string, each.count]);
  return { rule, wouldRemove: tables.reduce((sum, { count }) => sum + count, 0), tables, heldBack: heldBack(held) };
}

/** Some of what is over by a rule. */
export function sampleOf(reader: Reader, rule: RetentionRuleRow): Promise<DueSample[]> {
  return reader.ask<DueSample>(() => sampleStatement(rule, SAMPLE));
}

/** Counts by reason, each reason once. */
export function heldBack(counts: readonly (readonly [reason: string, count: number])[]): HeldBack[] {
  const sums = new Map<string, number>();
  for (const [reason, count] of counts) sums.set(reason, (sums.get(reason) ?? 0) + count);
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([reason, count]) => ({ reason: reason as RetentionHold, count }));
}
