import type { Reader } from '../../db/index.js';
import type { ToOne } from '../../db/graph.js';
import { groupBy } from '../../lib/group-by.js';
import * as queries from './queries/subject.js';
import type { Detail, SubjectRow } from './queries/subject.js';
import type { SubjectList } from './subject-lists.js';

/** Some rows of a list, as an export shows them: their fields, the names of what they refer to, and what is known about them. */
export interface Part {
  list: SubjectList;
  records: Record<string, unknown>[];
}

/** Rows that are in memory at a time. */
const AT_A_TIME = 250;

/** All that is held about a contact, list by list, read as it is written down; of each list at least one part. */
export async function* contentOf(reader: Reader, lists: readonly SubjectList[], contactId: string): AsyncGenerator<Part> {
  const labels = new Map((await reader.ask<Label>((sight) => queries.labelsStatement(sight))).map((label) => [label.id, label]));
  for (const list of lists) {
    let after: SubjectRow | null = null;
    do {
      const from: SubjectRow | null = after;
      const rows: SubjectRow[] = await reader.ask<SubjectRow>((sight) =>
        queries.rowsStatement(sight, list, { contactId, after: from, most: AT_A_TIME }),
      );
      yield { list, records: rows.length > 0 ? await recordsOf(reader, list, rows, labels) : [] };
      after = rows.length === AT_A_TIME ? (rows.at(-1) ?? null) : null;
    } while (after);
  }
}

/** A custom field, as it is called. */
interface Label {
  id: string;
  key: string;
  label: string;
  options: { value: string; label: string }[];
}

async function recordsOf(
  reader: Reader,
  list: SubjectList,
  rows: SubjectRow[],
  labels: ReadonlyMap<string, Label>,
): Promise<Record<string, unknown>[]> {
  const ids = rows.map(({ id }) => id);
  const details = await detailsOf(reader, list, ids);
  return Promise.all(
    rows.map(async (row) => ({
      ...row,
      ...('customFields' in row && { customFields: labelled(row['customFields'], labels) }),
      ...(await namesOf(reader, list, row)),
      ...Object.fromEntries(details.flatMap(([name, found]) => (found.has(row.id) ? [[name, found.get(row.id)]] : []))),
    })),
  );
}

/** What is known about records beside their fields, by name and record. */
async function detailsOf(
  reader: Reader,
  list: SubjectList,
  ids: string[],
): Promise<[name: string, found: Map<unknown, object[]>][]> {
  const { history } = list.entity;
  const asked: [string, Promise<Detail[]>][] = [
    ['changes', reader.ask<Detail>((sight) => queries.changesStatement(sight, list, ids))],
    ['requests', reader.ask<Detail>((sight) => queries.requestsStatement(sight, ids))],
    ['jobs', reader.ask<Detail>(() => queries.jobsStatement(ids))],
  ];
  if (history)
    asked.push(['history', reader.ask<Detail>((sight) => queries.historyStatement(sight, history.table, history.key, ids))]);
  return Promise.all(
    asked.map(async ([name, rows]): Promise<[string, Map<unknown, object[]>]> => {
      const found = groupBy(await rows, ({ $parent }) => $parent);
      return [name, new Map([...found].map(([id, theirs]) => [id, theirs.map(({ $parent: _, ...detail }) => detail)]))];
    }),
  );
}

/** What the records are called that a row refers to, deleted ones too; a loader reads them for all rows at once. */
async function namesOf(reader: Reader, { named }: SubjectList, row: SubjectRow): Promise<Record<string, string>> {
  const names = await Promise.all(
    named.map(async ([relation, target]): Promise<[string, string][]> => {
      const name = await nameOf(reader, target, row[target.key]);
      return name ? [[relation, name]] : [];
    }),
  );
  return Object.fromEntries(names.flat());
}

async function nameOf(reader: Reader, { entity }: ToOne, id: unknown): Promise<string> {
  if (typeof id !== 'string') return '';
  const [record] = await reader.embedded(entity, 'id', id, 'id');
  const words = ['name', 'title', 'label', 'body'].map((field) => record?.[field]);
  return words.filter((word) => typeof word === 'string' && word !== '').join(': ');
}

/** Custom fields are stored by their ids, and choices by their values. */
function labelled(stored: unknown, labels: ReadonlyMap<string, Label>): object[] {
  return Object.entries((stored ?? {}) as Record<string, unknown>).map(([id, value]) => {
    const { key = id, label = id, options = [] } = labels.get(id) ?? {};
    const called = new Map<unknown, string>(options.map((option) => [option.value, option.label]));
    const shown = Array.isArray(value)
      ? value.map((each) => called.get(each) ?? (each as unknown))
      : (called.get(value) ?? value);
    return { key, label, value: shown };
  });
}
