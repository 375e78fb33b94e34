import type { Writer } from '../../db/index.js';
import type { Mentions } from '../../lib/mentions.js';

/** Whom an erasure is about, and why. */
export interface ErasedWho {
  recordId: string;
  /** What the fact of the values that go is about. */
  erasureId: string;
  reason: string;
  now: string;
}

/** What erasing somebody came to. */
export interface ErasedRows {
  /** Rows that were erased or masked, by table; `facts` are values of the audit. */
  counts: Record<string, number>;
  /** For masking the person in other texts. */
  mentions: Mentions;
}

/** A value that a fact tells. */
export interface ToldValue {
  auditId: string;
  field: string;
}

/** What a record and its facts tell in some fields: texts, now and before, each once. */
export async function toldAbout(
  { beside, tenant }: Writer,
  { type, id, now, fields }: { type: string; id: string; now: object | null; fields: string[] },
): Promise<(...wanted: string[]) => string[]> {
  const told = await beside.auditValue.findMany({
    where: { ...tenant, field: { in: fields }, audit: { entityType: type, entityId: id } },
    select: { field: true, before: true, after: true },
  });
  const before = told.flatMap(({ field, before: old, after }) => [
    [field, old],
    [field, after],
  ]);
  const all = [...Object.entries(now ?? {}), ...before] as [string, unknown][];
  return (...wanted) => [
    ...new Set(all.flatMap(([field, value]) => (wanted.includes(field) && typeof value === 'string' && value ? [value] : []))),
  ];
}

/** Those that were sent to somebody and never accepted, with all addresses there were. */
export async function eraseInvitations({ reads, people, tenant }: Writer, reach: string[], now: string): Promise<string[]> {
  const sent = await reads.invitation.findMany({
    where: { ...tenant, email: { in: reach }, acceptedAt: null },
    select: { id: true, revokedAt: true },
    orderBy: { id: 'asc' },
  });
  for (const { id, revokedAt } of sent) await people.erase('invitations', 'id', id, revokedAt ? {} : { revokedAt: now });
  return sent.map(({ id }) => id);
}

/** Values without those that are there already. */
export function eachOnce(values: readonly ToldValue[]): ToldValue[] {
  return [...new Map(values.map((value) => [`${value.auditId} ${value.field}`, value])).values()];
}

/** How many rows of each table there are. */
export function countsOf(
  erased: Record<string, string[]>,
  masked: Record<string, string[]>,
  facts: number,
): Record<string, number> {
  const tables = [...new Set([...Object.keys(erased), ...Object.keys(masked)])];
  const counted = tables.map((table): [string, number] => [
    table,
    new Set([...(erased[table] ?? []), ...(masked[table] ?? [])]).size,
  ]);
  return Object.fromEntries([...counted, ['facts', facts] as [string, number]].filter(([, count]) => count > 0));
}
