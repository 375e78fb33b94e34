import { notFound, restricted } from '../../errors.js';
import { canonical } from '../../lib/canonical.js';
import { early } from '../../lib/early.js';
import type { Transaction } from '../database.js';
import type { Statement } from '../engine/sql.js';
import type { Entity } from '../graph.js';
import { valuesOf } from './custom-fields.js';
import { checkReferences, checkVersion, lock, restrictedAmong, run, type Desk, type LockedRow } from './locks.js';
import { normalized, setStatement, toPrisma, type Changes } from './statements.js';

/** What an edit needs to know beside its changes. */
export interface Edit<R> {
  /** Verb of the fact, for example UPDATE or MOVE. */
  action: string;
  expectedVersion?: number | null | undefined;
  /** @throws DomainError FORBIDDEN when the caller may not. */
  check: (row: R) => void;
  /** Also finds a deleted record. */
  evenDeleted?: boolean;
  /** Locks out those who are about to refer to the record: for deleting it. */
  exclusive?: boolean;
  /** Fields that count as targeted though their value stays. */
  alsoSet?: string[];
  /** That the change asks for nothing after it: its statement then leaves with the facts, in one packet with COMMIT. */
  isLast?: boolean;
  /** Also a record of a person whose processing is restricted (Art. 18 GDPR), and one that is about them. */
  evenRestricted?: boolean;
}

/** @see Writer.edit */
export async function edit<R>(
  desk: Desk,
  entity: Entity,
  id: string,
  options: Edit<R>,
  changesOf: (row: R) => Changes | Promise<Changes>,
): Promise<{ row: R; changed: boolean }> {
  const row = await lock(desk, entity, id, options.exclusive ? 'exclusive' : 'edit');
  // Of somebody who was erased there is nothing left to change, or to bring back.
  if (!row || row['erasedAt'] || (row.deletedAt && !options.evenDeleted)) throw notFound(entity.type);
  options.check(row as R);
  // Asked in one packet with the change, which does not happen when the answer forbids it.
  const setAside = early(setAsideAmong(desk, entity, row, options));
  const change = async (): Promise<boolean> => {
    await checkVersion(desk, entity, row, options.expectedVersion);
    return apply(desk, entity, row, options, await changesOf(row as R));
  };
  const changed = await change().finally(async () => {
    if ((await setAside).size > 0) throw restricted();
  });
  return { row: row as R, changed };
}

async function setAsideAmong(
  desk: Desk,
  entity: Entity,
  row: LockedRow,
  { evenRestricted }: Pick<Edit<never>, 'evenRestricted'>,
): Promise<ReadonlySet<string>> {
  return evenRestricted ? new Set() : restrictedAmong(desk, entity, [row]);
}

/** @see Writer.apply */
export async function apply(
  desk: Desk,
  entity: Entity,
  row: LockedRow,
  { action, alsoSet = [], isLast = false }: Pick<Edit<never>, 'action' | 'alsoSet' | 'isLast'>,
  wanted: Changes,
): Promise<boolean> {
  const entries = Object.entries(normalized(entity, wanted)).filter(
    ([field, value]) => canonical(value) !== canonical(row[field]),
  );
  const told = entries.filter(([field]) => !entity.derived.includes(field));
  if (told.length === 0) return false;
  const changes = Object.fromEntries(entries);
  await checkReferences(desk, entity, changes);
  const set = { id: row.id, ...Object.fromEntries(alsoSet.map((field) => [field, row[field]])), ...changes };
  const statement = setStatement(desk.kept, entity, [set]);
  const version = isLast ? null : await versionAfter(desk, statement);
  if (isLast) desk.last.push(statement);
  const shown = told.filter(([field]) => !entity.secrets.includes(field));
  const values = shown.flatMap(([field, after]) => valuesOf(desk, field, row[field], after));
  desk.facts.push({ action, entity, id: row.id, version, values, after: { ...row, ...changes } });
  return true;
}

async function versionAfter({ tx }: Desk, statement: Statement): Promise<number> {
  const [written] = await run<{ version: number }>(tx, statement);
  if (!written) throw new Error('A record is locked, and not there.');
  return written.version;
}

/** @see Writer.insert */
export async function insert(desk: Desk, entity: Entity, action: string, values: Changes & { id: string }): Promise<void> {
  const known = Object.entries(normalized(entity, values)).filter(([, value]) => value !== undefined);
  const given = { ...Object.fromEntries(known), id: values.id.toLowerCase() };
  await checkReferences(desk, entity, given);
  await delegate(desk.tx, entity).create({
    data: toPrisma(entity, { ...given, ...(entity.tenant === 'org_id' && { orgId: desk.caller.orgId }) }),
    select: { version: true },
  });
  const untold = ['id', ...entity.derived, ...entity.secrets];
  const told = Object.entries(given).filter(([field, value]) => !untold.includes(field) && value !== null);
  const facts = told.flatMap(([field, after]) => valuesOf(desk, field, null, after));
  desk.facts.push({ action, entity, id: given.id, version: 1, values: facts, after: given });
}

interface Delegate {
  create(args: object): Promise<{ version: number }>;
}

/** Prisma's model of an entity. Nested writes are never passed: its data is flat columns only. */
function delegate(tx: Transaction, entity: Entity): Delegate {
  const model = entity.type.charAt(0).toLowerCase() + entity.type.slice(1);
  return (tx as unknown as Record<string, Delegate>)[model] as Delegate;
}
