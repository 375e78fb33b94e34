import { v5 as uuidv5 } from 'uuid';
import { placeOf, type AnyRow, type PageArgs, type Reader } from '../../db/index.js';
import { timelineStatement, valuesStatement, type EntryRow, type TimelineTable } from './queries.js';

/** SDL types ActivityEntry and ChangeEntry. */
export interface Entry {
  __typename: 'ActivityEntry' | 'ChangeEntry';
  id: string;
  at: string;
  row: EntryRow;
  table: TimelineTable;
}

/** SDL type TimelineConnection. */
export interface Timeline {
  edges: { cursor: () => string; node: Entry }[];
  nodes: Entry[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

/** SDL type FieldChange. */
export interface FieldChange {
  field: string;
  before: unknown;
  after: unknown;
}

/** Entries have ids of their own, made from what they show: the same whenever they are read. */
const ENTRIES = '1f2a7c5e-94b1-4d3e-8a60-5c7be90d4f31';

/** A page of a record's timeline, newest first. @throws DomainError INVALID_INPUT for bad arguments. */
export async function timelineOf(
  reader: Reader,
  table: TimelineTable,
  record: { id: string },
  args: PageArgs,
): Promise<Timeline> {
  const bound = `${reader.caller.orgId}|timeline ${table}`;
  const place = placeOf(args, bound, reader.seal);
  const rows = await reader.askEach<EntryRow>(`timeline ${table} ${JSON.stringify(args)}`, record.id, (sight, parents) =>
    timelineStatement(sight, table, parents, place),
  );
  const page = rows.filter((row) => row.kind !== null).slice(0, place.size);
  const more = rows.length > place.size;
  const { newer = false, older = false } = rows[0] ?? {};
  const shown = (place.backward ? page.reverse() : page).map((row) => entryOf(row, table));
  const edges = shown.map((node) => ({ node, cursor: () => reader.seal.seal([node.row.at, node.row.id], bound) }));
  return {
    edges,
    nodes: shown,
    pageInfo: {
      hasNextPage: place.backward ? older : more || older,
      hasPreviousPage: place.backward ? more || newer : newer,
      startCursor: edges[0]?.cursor() ?? null,
      endCursor: edges.at(-1)?.cursor() ?? null,
    },
  };
}

/** The activity of an entry: in the same snapshot, under the same conditions. */
export async function activityOf(reader: Reader, { row }: Entry): Promise<AnyRow> {
  const activity = await reader.find('activities', row.id);
  if (!activity) throw new Error('A timeline shows an activity that its caller does not see.');
  return activity;
}

/** What a change changed. A reference to a record that the caller does not see reads null; values that were erased do too. */
export async function changesOf(reader: Reader, { row, table }: Entry): Promise<FieldChange[]> {
  const values = await reader.askEach<FieldChange>('values', row.id, valuesStatement);
  const known = new Map(values.map((value) => [value.field, value]));
  return Promise.all(
    (row.fields ?? []).map(async (field) => {
      const { before = null, after = null } = known.get(field) ?? {};
      const target = reader.targetOf(table, field);
      if (!target) return { field, before, after };
      return { field, before: await seen(reader, target, before), after: await seen(reader, target, after) };
    }),
  );
}

async function seen(reader: Reader, table: string, id: unknown): Promise<unknown> {
  return typeof id === 'string' && (await reader.find(table, id)) ? id : null;
}

function entryOf(row: EntryRow, table: TimelineTable): Entry {
  const type = row.kind === 'ACTIVITY' ? 'ActivityEntry' : 'ChangeEntry';
  return { __typename: type, id: uuidv5(`${type} ${row.id}`, ENTRIES), at: row.at, row, table };
}
