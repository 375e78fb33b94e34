import type { Caller } from '../../caller.js';
import { checkScope, hasScope } from '../../scopes.js';
import { idTaken, invalid, restricted, versionConflict } from '../../errors.js';
import { isUuid } from '../../lib/uuid.js';
import type { Transaction } from '../database.js';
import type { CustomFieldDefinition } from '../custom-fields.js';
import type { Scope } from '../engine/scope.js';
import { givenAt, type Statement } from '../engine/sql.js';
import { entityOf, type Entity, type Graph } from '../graph.js';
import type { Erasure } from './erasures.js';
import type { Fact } from './facts.js';
import type { Kept } from './kept.js';
import {
  holdStatement,
  lockStatement,
  restrictedStatement,
  rivalsStatement,
  takenStatement,
  type Changes,
} from './statements.js';

/** A record as it is locked for a change: field names of its graph.ts, decimals and moments as text. */
export type LockedRow = { id: string; version: number; deletedAt: string | null } & Record<string, unknown>;

/** What a change has noted to be written last. */
export interface Told {
  facts: Fact[];
  erasures: Erasure[];
  /** Statements that leave with the facts. */
  last: Statement[];
}

/** What the parts of a writer share. */
export interface Desk extends Told {
  tx: Transaction;
  caller: Caller;
  graph: Graph;
  scope: Scope;
  kept: Kept;
  /** Of custom fields, as the change has read them. */
  definitions?: CustomFieldDefinition[];
}

/** An entity to write. @throws DomainError FORBIDDEN for an API key that may not. */
export function entityToWrite({ graph, caller }: Desk, table: string): Entity {
  const entity = entityOf(graph, table);
  checkScope(caller, entity.scope ?? null, 'write');
  return entity;
}

/** An entity that the client named a record of. @throws DomainError FORBIDDEN for an API key that may not read it. */
export function entityToRead({ graph, caller }: Desk, table: string): Entity {
  const entity = entityOf(graph, table);
  checkScope(caller, entity.scope ?? null, 'read');
  return entity;
}

/**
 * That no reference leads to a record that is missing, foreign, hidden or deleted; held until the commit so that it stays so.
 *
 * @throws DomainError INVALID_INPUT; RESTRICTED; FORBIDDEN for an API key that may not read what is referred to.
 */
export async function checkReferences(desk: Desk, entity: Entity, changes: Changes): Promise<void> {
  for (const { entity: table, key, evenDeleted } of Object.values(entity.toOne)) {
    const id = changes[key];
    if (typeof id !== 'string' || evenDeleted) continue;
    // Whoever made the key is known to it.
    const target = id === desk.caller.userId ? entityOf(desk.graph, table) : entityToRead(desk, table);
    const row = await lock(desk, target, id, 'hold');
    if (!row || row.deletedAt)
      throw invalid(['input', key], `There is no ${target.type.toLowerCase()} with this id that you can see.`, 'NOT_FOUND');
    checkIsUnrestricted(row);
  }
}

/** That a person has not had their data set aside (Art. 18 GDPR). @throws DomainError RESTRICTED. */
function checkIsUnrestricted(row: LockedRow): void {
  if (row['restrictedAt']) throw restricted();
}

/**
 * Which of some rows are of people who have had their data set aside: contacts themselves, and rows that are about one (`about` in
 * their graph.ts).
 */
export async function restrictedAmong(desk: Desk, entity: Entity, rows: readonly LockedRow[]): Promise<ReadonlySet<string>> {
  const { about } = entity;
  if (!about) return new Set(rows.flatMap((row) => (row['restrictedAt'] ? [row.id] : [])));
  const contacts = [...new Set(rows.flatMap((row) => (typeof row[about] === 'string' ? [row[about]] : [])))];
  if (contacts.length === 0) return new Set();
  const found = await run<{ id: string }>(desk.tx, restrictedStatement(desk.scope, contacts));
  const restrictedContacts = new Set<unknown>(found.map(({ id }) => id));
  return new Set(rows.flatMap((row) => (restrictedContacts.has(row[about]) ? [row.id] : [])));
}

export async function checkIdIsFree(desk: Desk, id: string): Promise<void> {
  const { tx, scope, graph } = desk;
  await alone(desk, `id ${id}`);
  const [taken] = await run<{ type: string }>(tx, takenStatement([...graph.values()], scope, id));
  if (taken) throw idTaken(taken.type, id);
}

export async function alone({ tx, caller }: Desk, what: string): Promise<void> {
  await run(tx, { text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', values: [`${caller.orgId} ${what}`] });
}

export async function lock(
  { tx, kept }: Desk,
  entity: Entity,
  id: string,
  strength: 'edit' | 'exclusive' | 'hold',
): Promise<LockedRow | null> {
  if (!isUuid(id)) return null;
  const statement = kept(`${strength} ${entity.table}`, [id], (scope) =>
    strength === 'hold'
      ? holdStatement(entity, scope, givenAt(0))
      : lockStatement(entity, scope, givenAt(0), strength === 'exclusive'),
  );
  const [row] = await run<LockedRow>(tx, statement);
  return row ?? null;
}

export async function checkVersion(
  desk: Desk,
  entity: Entity,
  row: LockedRow,
  expected: number | null | undefined,
): Promise<void> {
  if (expected === null || expected === undefined || expected === row.version) return;
  const rivals = await run<{ fields: string[]; userId: string | null; name: string | null }>(
    desk.tx,
    rivalsStatement(entity, desk.scope, row.id, expected),
  );
  const changedFields = [...new Set(rivals.flatMap((rival) => rival.fields))].sort();
  const people = new Map(
    rivals.flatMap(({ userId, name }) => (userId ? [[userId, { id: userId, displayName: name ?? '' }]] : [])),
  );
  const told = hasScope(desk.caller, 'users', 'read') ? [...people.values()] : [];
  throw versionConflict(row.version, changedFields, told);
}

export function run<Answer>(tx: Transaction, { text, values }: { text: string; values: readonly unknown[] }): Promise<Answer[]> {
  return tx.$queryRawUnsafe<Answer[]>(text, ...values);
}
