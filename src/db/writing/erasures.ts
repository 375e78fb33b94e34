import type { Caller } from '../../caller.js';
import type { Transaction } from '../database.js';
import type { Origin } from './facts.js';
import type { Told } from './locks.js';

/** Which values facts tell no more, and why. At least one of `values`, `records` and `actors`. */
export interface Erasure {
  /** The record that the fact of the erasure is about: its GraphQL type, id and version. */
  subject: { type: string; id: string; version: number };
  /** Why; itself a value of the fact, so that it can be erased too. Not blank. */
  reason: string;
  /** Single values. */
  values?: { auditId: string; field: string }[];
  /** All values of all facts of records, or those of `fields`: names as facts tell them, of custom fields `customFields.<key>`. */
  records?: { type: string; id: string; fields?: string[] }[];
  /** The addresses that users came from, in all of their facts. */
  actors?: string[];
}

/** What rooms erase values of facts through. */
export interface ErasureWriter {
  /**
   * Erases values of facts, those of this change included: after its facts are written, in its transaction. The database
   * writes a fact ERASE_VALUES about it and keeps the list of what went, which the verification of the chain asks for.
   */
  eraseValues(erasure: Erasure): void;
}

/** @see ErasureWriter */
export function erasureWriter({ erasures }: Pick<Told, 'erasures'>): ErasureWriter {
  return { eraseValues: (erasure) => void erasures.push(erasure) };
}

/** Carries out what was asked for; the head row is locked from here to the commit. */
export async function erase(
  tx: Transaction,
  { userId, via }: Caller,
  origin: Origin,
  erasures: readonly Erasure[],
): Promise<void> {
  const keyId = via.kind === 'API_KEY' ? via.keyId : null;
  const by = JSON.stringify({ ...origin, userId: via.kind === 'SYSTEM' ? null : userId, keyId });
  for (const { subject, reason, ...wanted } of erasures) {
    await tx.$queryRaw`
      SELECT audit.erase_values(${JSON.stringify(wanted)}::jsonb, ${JSON.stringify(subject)}::jsonb, ${reason}, ${by}::jsonb)`;
  }
}
