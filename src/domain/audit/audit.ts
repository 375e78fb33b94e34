import {
  chainHead,
  verifyChain,
  type AnyRow,
  type ChainReport,
  type Connection,
  type PageArgs,
  type Reader,
} from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { AuditRow } from './graph.js';
import { valuesStatement, type ValueRow } from './queries.js';
import { checkCanReadAudit } from './rules.js';

/** SDL type AuditChange. */
export interface AuditChange {
  field: string;
  before: unknown;
  after: unknown;
  isErased: boolean;
}

/** How long a verification goes on before it answers how far it got. */
const MOST_MS = 2_000;

/** Facts of the organization. @throws DomainError FORBIDDEN, INVALID_INPUT. */
export function listFacts(reader: Reader, args: PageArgs): Connection<AnyRow> {
  checkCanReadAudit(reader.caller);
  return reader.page('audit_logs', args);
}

/** Names of the fields a fact is about; what it says of itself (`@…`) is none. */
export function fieldsOf({ changes }: Pick<AuditRow, 'changes'>): string[] {
  return Object.keys(changes as object)
    .filter((field) => !field.startsWith('@'))
    .sort();
}

/** The same fields with what is left of their values. */
export async function changesOf(reader: Reader, fact: AuditRow): Promise<AuditChange[]> {
  const values = await reader.askEach<ValueRow>('audit values', fact.id, valuesStatement);
  const known = new Map(values.map((value) => [value.field, value]));
  return fieldsOf(fact).map((field) => {
    const { before = null, after = null } = known.get(field) ?? {};
    return { field, before, after, isErased: !known.has(field) };
  });
}

/** Where the chain stands; null before the first fact. @throws DomainError FORBIDDEN. */
export function headOf(reader: Reader): ReturnType<typeof chainHead> {
  checkCanReadAudit(reader.caller);
  return chainHead((statement) => reader.ask(() => statement), reader.caller.orgId);
}

/** Recomputes a stretch of the chain, for two seconds at most. @throws DomainError FORBIDDEN, INVALID_INPUT. */
export async function verify(
  reader: Reader,
  { from, to }: { from?: number | null | undefined; to?: number | null | undefined },
): Promise<ChainReport> {
  checkCanReadAudit(reader.caller);
  const range = { orgId: reader.caller.orgId, from: from ?? 1, to: to ?? null };
  if (range.from < 1) throw invalid(['from'], 'The first fact has the number 1.', 'OUT_OF_RANGE');
  if (range.to !== null && range.to < range.from)
    throw invalid(['to'], 'The last fact to verify comes before the first one.', 'OUT_OF_RANGE');
  const end = performance.now() + MOST_MS;
  return verifyChain((statement) => reader.ask(() => statement), { ...range, isOver: () => performance.now() > end });
}
