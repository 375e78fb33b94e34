import { change, type Changes, type WriteRequest, type Writer } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { CreateActivityInput, UpdateActivityInput } from '../../generated/graphql.js';
import { changesFrom, newId, REFERENCE, type FieldRules } from '../input.js';
import { checkCanCreate } from '../permissions.js';
import { deleteRecord, restoreRecord } from '../records.js';
import type { ActivityRow } from './graph.js';
import { checkCanWriteActivity } from './rules.js';

const FIELDS: FieldRules = {
  type: { required: true },
  subject: { required: true, longest: 500 },
  description: { longest: 50_000 },
  dueDate: {},
  contactId: REFERENCE,
  dealId: REFERENCE,
  ownerId: REFERENCE,
};

/** Notes an activity about a contact, a deal, or both; the caller is its author, and has to do it unless the input says otherwise. */
export async function createActivity(request: WriteRequest, input: CreateActivityInput): Promise<string> {
  const id = newId(input);
  const values: Changes = { ownerId: request.caller.userId, ...changesFrom(input, FIELDS) };
  checkIsAboutSomething(values);
  const isCompleted = input.isCompleted ?? false;
  return change(request, id, async (writer) => {
    checkCanCreate(writer.caller);
    const completedAt = isCompleted ? new Date().toISOString() : null;
    await writer.insert(
      'activities',
      'CREATE',
      { ...values, id, userId: writer.caller.userId, isCompleted, completedAt },
      Boolean(input.id),
    );
    await dateLastActivity(writer, values);
  });
}

/** Changes what the input names. Completion has verbs of its own. */
export async function updateActivity(
  request: WriteRequest,
  id: string,
  input: UpdateActivityInput,
  expectedVersion?: number | null,
): Promise<string> {
  const changes = changesFrom(input, FIELDS);
  return edit(request, id, 'UPDATE', expectedVersion, (activity) => {
    checkIsAboutSomething({ ...activity, ...changes });
    return changes;
  });
}

/** Marks it as done, now. */
export function completeActivity(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return edit(request, id, 'COMPLETE', expectedVersion, (activity) =>
    activity.isCompleted ? {} : { isCompleted: true, completedAt: new Date().toISOString() },
  );
}

/** Marks it as not done. */
export function reopenActivity(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return edit(request, id, 'REOPEN', expectedVersion, () => ({ isCompleted: false, completedAt: null }));
}

/** Deletes softly. */
export function deleteActivity(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return deleteRecord<ActivityRow>(request, 'activities', id, checkCanWriteActivity, expectedVersion, dateLastActivity);
}

/** Undoes a deletion. */
export function restoreActivity(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return restoreRecord<ActivityRow>(request, 'activities', id, checkCanWriteActivity, expectedVersion, dateLastActivity);
}

function edit(
  request: WriteRequest,
  id: string,
  action: string,
  expectedVersion: number | null | undefined,
  changesOf: (activity: ActivityRow) => Record<string, unknown>,
): Promise<string> {
  return change(request, id, async (writer) => {
    const check = (activity: ActivityRow): void => checkCanWriteActivity(writer.caller, activity);
    const { row } = await writer.edit<ActivityRow>('activities', id, { action, expectedVersion, check }, changesOf);
    const now = { ...row, ...changesOf(row) };
    if (DATING.some((field) => row[field] !== now[field])) await dateLastActivity(writer, row, now);
  });
}

/** What of an activity says when something last happened, and with whom. */
const DATING = ['contactId', 'dealId', 'isCompleted'] as const;

/** Contacts and deals know when something last happened with them; derived, so their versions stay. */
async function dateLastActivity(writer: Writer, ...about: { contactId?: unknown; dealId?: unknown }[]): Promise<void> {
  const idsOf = (key: 'contactId' | 'dealId'): string[] => [
    ...new Set(about.flatMap((activity) => (typeof activity[key] === 'string' ? [activity[key]] : []))),
  ];
  await writer.dateLastActivity('contacts', 'contactId', idsOf('contactId'));
  await writer.dateLastActivity('deals', 'dealId', idsOf('dealId'));
}

function checkIsAboutSomething(activity: Record<string, unknown>): void {
  if ((activity['contactId'] ?? activity['dealId'] ?? null) === null) {
    throw invalid(['input', 'dealId'], 'An activity is about a contact, a deal, or both.', 'REQUIRED');
  }
}
