import { checkLink, isEdited, type FaultReason } from './check-link.js';
import { BEFORE_ALL, ERASED, ERASE_VALUES } from './form.js';
import { headStatement, linksOf, linksStatement, type Ask, type Link } from './links.js';

/** What a verification is to look at. */
export interface ChainRange {
  orgId: string;
  /** Number of the first fact. */
  from: number;
  /** Number of the last one; null: to the end, which then has to be where the head says. */
  to: number | null;
  /** Whether to stop before the next page, for example because time is up. */
  isOver?: () => boolean;
  /** Hashes of facts, by number, that were kept outside. */
  anchors?: ReadonlyMap<number, string>;
  /** Is told after each page how many facts it had. */
  onPage?: (facts: number) => void;
}

export interface ChainReport {
  /** How many facts were looked at. */
  checked: number;
  /** Number of the last fact that is in order; one less than `from` when none was. */
  through: number;
  /** Whether it got to the end of what it was to look at, or to a fault. */
  isComplete: boolean;
  firstBad: { seq: number; reason: FaultReason } | null;
}

/** So few that a page of facts with long texts fits into memory many times. */
const PAGE = 500;

/** Walks a chain from one fact to another, page by page: memory stays the same however many there are. */
export async function verifyChain(ask: Ask, range: ChainRange): Promise<ChainReport> {
  const { orgId, from, to, isOver = () => false } = range;
  const walk = { ask, range, vouched: new Map<number, boolean>(), seq: from - 1, hash: await hashBefore(ask, orgId, from) };
  const report = (fault: FaultReason | null, isComplete = true, seq = walk.seq + 1): ChainReport => ({
    checked: walk.seq - from + 1 + (fault ? 1 : 0),
    through: walk.seq,
    isComplete,
    firstBad: fault ? { seq, reason: fault } : null,
  });
  if (walk.hash === null) return report('BROKEN_LINK');
  for (;;) {
    const links = await ask<Link>(linksStatement(orgId, walk.seq + 1, to, PAGE));
    const fault = await checkPage(walk, links);
    if (fault) return report(fault);
    range.onPage?.(links.length);
    if (links.length < PAGE) {
      const { counted, last } = await countsOf(ask, orgId);
      const known = Math.max(counted, from - 1, ...(range.anchors?.keys() ?? []));
      const end = Math.min(to ?? known, known);
      if (walk.seq < end) return report('MISSING_FACT');
      return report(to === null && last > counted ? 'WRONG_COUNT' : null, true, counted + 1);
    }
    if (isOver()) return report(null, false);
  }
}

/** Where an organization's chain stands; null when there is no fact. */
export async function chainHead(ask: Ask, orgId: string): Promise<{ seq: number; hash: string; at: string } | null> {
  const [head] = await ask<Head>(headStatement(orgId));
  return head?.seq && head.hash && head.at ? { seq: Number(head.seq), hash: head.hash, at: head.at } : null;
}

interface Head {
  counted: string | null;
  seq: string | null;
  hash: string | null;
  at: string | null;
}

interface Walk {
  ask: Ask;
  range: ChainRange;
  /** Of erasures that were looked at: whether their lists are what their facts say. */
  vouched: Map<number, boolean>;
  /** The last fact in order, and its hash. */
  seq: number;
  hash: string | null;
}

/** Goes on over a page of facts, up to the first that is not in order. */
async function checkPage(walk: Walk, links: readonly Link[]): Promise<FaultReason | null> {
  const checks = links.map(checkLink);
  await vouch(walk, [...new Set(checks.flatMap(({ erasedBy }) => erasedBy))]);
  for (const [index, link] of links.entries()) {
    if (Number(link.seq) !== walk.seq + 1) return 'MISSING_FACT';
    if (link.prev !== walk.hash) return 'BROKEN_LINK';
    const { fault = null, erasedBy = [] } = checks[index] ?? {};
    if (fault) return fault;
    if (erasedBy.some((seq) => !walk.vouched.get(seq))) return 'MISSING_VALUE';
    if ((walk.range.anchors?.get(walk.seq + 1) ?? link.hash) !== link.hash) return 'OTHER_THAN_ANCHOR';
    walk.seq += 1;
    walk.hash = link.hash;
  }
  return null;
}

/** Looks at erasures that were not looked at yet, wherever they stand. */
async function vouch({ ask, range, vouched }: Walk, erasures: readonly number[]): Promise<void> {
  const unknown = erasures.filter((seq) => !vouched.has(seq));
  if (unknown.length === 0) return;
  for (const seq of unknown) vouched.set(seq, false);
  for (const link of await ask<Link>(linksOf(range.orgId, unknown))) vouched.set(Number(link.seq), isErasure(link));
}

function isErasure(link: Link): boolean {
  const { [ERASED]: digest } = JSON.parse(link.changes) as Record<string, string>;
  const action = (JSON.parse(link.form) as unknown[])[8];
  return action === ERASE_VALUES && digest !== undefined && digest === link.digest && !isEdited(link);
}

/** The hash that the first fact of a range has to follow; null when there is no fact before it though there has to be one. */
async function hashBefore(ask: Ask, orgId: string, from: number): Promise<string | null> {
  if (from <= 1) return BEFORE_ALL;
  const [before] = await ask<Link>(linksStatement(orgId, from - 1, from - 1, 1));
  return before?.hash ?? null;
}

/** How many facts the head counts, and the number of the last one: there must be none less at the end, and none more. */
async function countsOf(ask: Ask, orgId: string): Promise<{ counted: number; last: number }> {
  const [head] = await ask<Head>(headStatement(orgId));
  return { counted: Number(head?.counted ?? 0), last: Number(head?.seq ?? 0) };
}
