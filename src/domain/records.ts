import type { Caller } from '../caller.js';
import { change, type WriteRequest, type Writer } from '../db/index.js';

/** @throws DomainError FORBIDDEN. */
type Check<R> = (caller: Caller, row: R) => void;

/** Something a room does once the record was deleted or restored, in the same change. */
type Then<R> = (writer: Writer, row: R) => Promise<void>;

/** Deletes a record softly. One that is deleted already stays as it is. */
export async function deleteRecord<R>(
  request: WriteRequest,
  table: string,
  id: string,
  check: Check<R>,
  expectedVersion?: number | null,
  then?: Then<R>,
): Promise<string> {
  return change(request, id, async (writer) => {
    const options = {
      action: 'DELETE',
      expectedVersion,
      evenDeleted: true,
      exclusive: true,
      isLast: !then,
      check: (row: R) => check(writer.caller, row),
    };
    const now = new Date().toISOString();
    const { row, changed } = await writer.edit<R>(table, id, options, (found) =>
      (found as Deletable).deletedAt ? {} : { deletedAt: now },
    );
    if (changed) await then?.(writer, row);
  });
}

/** Restores a record. One that is not deleted stays as it is. */
export async function restoreRecord<R>(
  request: WriteRequest,
  table: string,
  id: string,
  check: Check<R>,
  expectedVersion?: number | null,
  then?: Then<R>,
): Promise<string> {
  return change(request, id, async (writer) => {
    const options = {
      action: 'RESTORE',
      expectedVersion,
      evenDeleted: true,
      isLast: !then,
      check: (row: R) => check(writer.caller, row),
    };
    const { row, changed } = await writer.edit<R>(table, id, options, () => ({ deletedAt: null }));
    if (changed) await then?.(writer, row);
  });
}

interface Deletable {
  deletedAt: string | null;
}
