import type { Client } from 'pg';
import type { Signatures } from '../../lib/signatures.js';
import { compile, type Sql } from '../engine/sql.js';
import type { Anchor } from './anchors.js';
import { restoresOf, type Restored } from './restores.js';
import { verifyChain, type ChainReport } from './verify.js';

/** What is known of all chains from outside, and who is told. */
export interface Outside {
  anchors: readonly Anchor[];
  verifyRestore: Signatures<Restored>['verify'];
  /** Only this organization. */
  only?: string | undefined;
  /** Organizations that are known to have been deleted. */
  gone?: readonly string[];
  /** Is told after each page how many facts it had. */
  onPage?: (facts: number) => void;
}

/** One organization's chain. */
export interface Verdict {
  organizationId: string;
  /** Null when the organization is not there, though an anchor knows it. */
  report: ChainReport | null;
  /** Backups that were restored, with the last number that an anchor knows of what is not there since. */
  restores: (Restored & { lostThrough: number | null })[];
}

/** Anchors that contradict each other match nothing. */
const CONTRADICTION = 'contradiction';

/** Verifies every chain, one organization after the other, each in one snapshot. @param client sees all rows: the owner's. */
export async function* verifyAll(client: Client, outside: Outside): AsyncGenerator<Verdict> {
  const { anchors, only, gone = [] } = outside;
  const { rows } = await client.query<{ id: string }>('SELECT id FROM public.organizations ORDER BY id');
  const here = new Set(rows.map(({ id }) => id));
  const known = new Set([...here, ...anchors.map(({ organizationId }) => organizationId)]);
  const wanted = only === undefined ? [...known].filter((id) => here.has(id) || !gone.includes(id)) : [only];
  for (const organizationId of wanted)
    yield here.has(organizationId)
      ? await verifyOne(client, organizationId, outside)
      : { organizationId, report: null, restores: [] };
}

async function verifyOne(client: Client, organizationId: string, outside: Outside): Promise<Verdict> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const restores = await restoresOf(client, organizationId, outside.verifyRestore);
    const theirs = outside.anchors.filter((anchor) => anchor.organizationId === organizationId);
    const report = await verifyChain(asker(client), {
      orgId: organizationId,
      from: 1,
      to: null,
      anchors: valid(theirs, restores),
      ...(outside.onPage && { onPage: outside.onPage }),
    });
    return {
      organizationId,
      report,
      restores: restores.map((restored) => ({ ...restored, lostThrough: lost(theirs, restored) })),
    };
  } finally {
    await client.query('ROLLBACK');
  }
}

function asker(client: Client): <Row>(statement: Sql) => Promise<Row[]> {
  return async <Row>(statement: Sql) => {
    const { text, values } = compile(statement);
    const { rows } = await client.query(text, values as unknown[]);
    return rows as Row[];
  };
}

/** A restore takes back what was anchored before it and came after the backup; an anchor of later must be met. */
function isTakenBack({ seq, anchoredAt }: Anchor, restored: Restored): boolean {
  return seq > restored.seq && anchoredAt <= restored.restoredAt;
}

function valid(anchors: readonly Anchor[], restores: readonly Restored[]): Map<number, string> {
  const hashes = new Map<number, string>();
  for (const anchor of anchors.filter((each) => !restores.some((restored) => isTakenBack(each, restored)))) {
    const known = hashes.get(anchor.seq) ?? anchor.hash;
    hashes.set(anchor.seq, known === anchor.hash ? known : CONTRADICTION);
  }
  return hashes;
}

function lost(anchors: readonly Anchor[], restored: Restored): number | null {
  const numbers = anchors.filter((anchor) => isTakenBack(anchor, restored)).map(({ seq }) => seq);
  return numbers.length > 0 ? Math.max(...numbers) : null;
}
