import type { Caller } from '../../caller.js';
import type { Transaction } from '../database.js';
import type { FilterInput } from '../engine/filter.js';
import { scopeOf, type ScopeSettings } from '../engine/scope.js';
import { entityOf, type Entity } from '../graph.js';
import type { PrivacySettings } from '../personal.js';
import { enqueuer, type Enqueuer } from '../jobs/enqueue.js';
import { columnWriter, type ColumnWriter } from './columns.js';
import { customFieldWriter, type CustomFieldWriter } from './custom-fields.js';
import { erasureWriter, type ErasureWriter } from './erasures.js';
import type { Beside, Reads } from './reads.js';
import { alone, entityToRead, entityToWrite, checkIdIsFree, lock, run, type Desk, type LockedRow, type Told } from './locks.js';
import { unchecked, type Kept } from './kept.js';
import { dateLastActivity, redateRot } from './derived.js';
import { apply, edit, insert, type Edit } from './edit.js';
import { editAll } from './edit-all.js';
import { peopleWriter, type PeopleWriter } from './erasing.js';
import { removingWriter, type RemovingWriter } from './removing.js';
import { idsStatement, setStatement, type Changes } from './statements.js';

export type { Beside, Reads } from './reads.js';
export type { LockedRow } from './locks.js';
export type { Changes } from './statements.js';

/** What a room writes with, inside one transaction that sees one organization. Every changed record leaves a fact. */
export interface Writer extends Enqueuer, ColumnWriter, CustomFieldWriter, ErasureWriter, RemovingWriter {
  /** For erasing people. */
  readonly people: PeopleWriter;
  readonly caller: Caller;
  /** The application's tenant condition, for every `where` of `reads`. */
  readonly tenant: { orgId?: string };
  /** Prisma for single-row reads inside the transaction, under the organization's policies. */
  readonly reads: Reads;
  /** Prisma for rows that are no records: they change beside the facts of a record, and have none of their own. */
  readonly beside: Beside;
  /**
   * Makes a record.
   *
   * @param idIsClients an id that the client made may be taken, by a record of any type; one of ours is not.
   * @throws DomainError CONFLICT for an id that is taken, INVALID_INPUT for a reference to nothing.
   */
  insert(table: string, action: string, values: Changes & { id: string }, idIsClients: boolean, secrets?: Changes): Promise<void>;
  /**
   * Finds and locks a record, checks right and version, and applies what differs.
   *
   * @returns the record as it was and whether anything changed.
   * @throws DomainError NOT_FOUND, FORBIDDEN, CONFLICT, INVALID_INPUT.
   */
  edit<R>(
    table: string,
    id: string,
    edit: Edit<R>,
    changesOf: (row: R) => Changes | Promise<Changes>,
  ): Promise<{ row: R; changed: boolean }>;
  /**
   * Applies changes to many records: a fact each. As a consequence of another edit they get no new versions (`consequences`
   * says so to the database), as what the mutation targets they do. All of them are set to the same fields. Records of people whose
   * processing is restricted are left as they are, unless what is changed is not about them (`evenRestricted`).
   *
   * @returns the ids of those that were left because of that.
   */
  editAll(
    table: string,
    ids: string[],
    action: string,
    changesOf: (row: LockedRow) => Changes,
    as?: 'consequence' | 'targeted',
    evenRestricted?: boolean,
  ): Promise<ReadonlySet<string>>;
  /** The ids of the records that the caller sees and a filter finds, deleted ones too; at most `most`. */
  idsOf(table: string, filter: FilterInput, most: number): Promise<string[]>;
  /** Applies changes to a record that is already locked or nobody else can see yet. */
  apply(table: string, row: LockedRow, action: string, changes: Changes): Promise<boolean>;
  /**
   * Keeps a record from being deleted or restructured until the commit; null when there is none.
   *
   * @param named false when not the client but a default leads to it: then an API key needs no scope for it.
   */
  hold(table: string, id: string, named?: boolean): Promise<LockedRow | null>;
  /** Dates anew when something last happened with contacts or deals: derived. `key` is the field of an activity with their id. */
  dateLastActivity(table: string, key: string, ids: readonly string[]): Promise<void>;
  /** Lets only one change of the organization at a time go on with something, until its commit. */
  alone(what: string): Promise<void>;
  /** That no record of any type has an id that the client made. @throws DomainError CONFLICT. */
  checkIdIsFree(id: string): Promise<void>;
  /** Sets derived columns: no fact, no version. */
  derive(table: string, rows: ({ id: string } & Changes)[]): Promise<void>;
  /** Dates anew when the open deals of a pipeline go stale: derived, for all of them. Lock the pipeline before. */
  redateRot(pipelineId: string): Promise<void>;
  /** Marks what follows as consequences of one edit: facts, but no new versions of deals; references are checked at the commit. */
  consequences(): Promise<void>;
}

/** @see Writer */
export function openWriter(
  tx: Transaction,
  caller: Caller,
  settings: ScopeSettings & PrivacySettings,
  kept: Kept,
): Told & { writer: Writer } {
  const told: Told = { facts: [], erasures: [], last: [] };
  const { graph, tenantFilter } = settings;
  const desk: Desk = { tx, caller, graph, scope: unchecked(scopeOf(caller, settings)), kept, ...told };
  const writer: Writer = {
    caller,
    tenant: tenantFilter ? { orgId: caller.orgId } : {},
    reads: tx,
    beside: tx,
    insert: (...given) => insertNew(desk, ...given),
    edit: async (table, id, options, changesOf) => edit(desk, entityToWrite(desk, table), id, options, changesOf),
    editAll: async (table, ids, action, changesOf, as = 'consequence', evenRestricted = false) =>
      editAll(desk, entityToWrite(desk, table), ids, { action, step: as === 'targeted' ? 1 : 0, evenRestricted }, changesOf),
    idsOf: (table, filter, most) => idsOf(desk, entityOf(graph, table), filter, most),
    apply: async (table, row, action, changes) => apply(desk, entityToWrite(desk, table), row, { action }, changes),
    hold: async (table, id, named = true) => lock(desk, named ? entityToRead(desk, table) : entityOf(graph, table), id, 'hold'),
    dateLastActivity: (table, key, ids) => dateLastActivity(desk, entityOf(graph, table), key, ids),
    alone: (what) => alone(desk, what),
    checkIdIsFree: (id) => checkIdIsFree(desk, id),
    derive: (table, rows) => derive(desk, entityOf(graph, table), rows),
    redateRot: (pipelineId) => redateRot(desk, pipelineId),
    consequences: () => consequences(tx),
    // Made when it is looked at: hardly any change erases people.
    get people() {
      return peopleWriter(desk, settings);
    },
    ...enqueuer(tx),
    ...columnWriter(desk),
    ...customFieldWriter(desk),
    ...erasureWriter(desk),
    ...removingWriter(desk),
  };
  return { writer, ...told };
}

async function insertNew(desk: Desk, ...[table, action, values, idIsClients]: Parameters<Writer['insert']>): Promise<void> {
  const entity = entityToWrite(desk, table);
  if (idIsClients) await checkIdIsFree(desk, values.id);
  await insert(desk, entity, action, values);
}

async function consequences(tx: Transaction): Promise<void> {
  await tx.$executeRawUnsafe(`SET LOCAL app.derived = 'on'`);
  await tx.$executeRawUnsafe('SET CONSTRAINTS ALL DEFERRED');
}

async function derive({ tx, kept }: Desk, entity: Entity, rows: ({ id: string } & Changes)[]): Promise<void> {
  if (rows.length > 0) await run(tx, setStatement(kept, entity, rows));
}

async function idsOf({ tx, scope }: Desk, entity: Entity, filter: FilterInput, most: number): Promise<string[]> {
  const found = await run<{ id: string }>(tx, idsStatement(entity, scope, filter, most));
  return found.map(({ id }) => id);
}
