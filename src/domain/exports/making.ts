import type { Database, Task } from '../../db/index.js';
import { inPieces, zipped } from '../../lib/zip.js';
import { filesOf } from './content.js';
import { KEPT_MS } from './exports.js';
import { isLeftOut } from './left-out.js';

/** Attempts at an export, those that died with their worker among them. */
const MOST_ATTEMPTS = 3;
/** What is kept in one row, and in memory at a time. */
const PIECE_BYTES = 1_000_000;

interface Making {
  database: Pick<Database, 'write' | 'dump'>;
  now: () => number;
  orgId: string;
  id: string;
  /** Whoever begins again takes the export over: what an attempt before still writes is refused. */
  attempt: number;
}

/** The task `organizationExport`: makes the file of an export, from its beginning at every attempt. */
export function organizationExportTask(database: Making['database'], now: () => number): Task {
  return async ({ orgId, payload: { id = '' } }) => {
    const attempt = await begin(database, orgId, id);
    if (attempt === null) return;
    const making = { database, now, orgId, id, attempt };
    try {
      await make(making);
    } catch (error) {
      const state = attempt < MOST_ATTEMPTS ? 'PENDING' : 'FAILED';
      // When even this fails, the database is away: the next attempt finds it RUNNING and begins anew.
      await note(making, { state, rowsDone: 0 }).catch(() => undefined);
      throw error;
    }
  };
}

/** The number of the attempt; null when there is nothing to make any more. */
function begin(database: Making['database'], orgId: string, id: string): Promise<number | null> {
  return database.write(orgId, async (tx) => {
    const where = { orgId, id, state: { in: ['PENDING', 'RUNNING'] as ('PENDING' | 'RUNNING')[] } };
    const found = await tx.organizationExport.findFirst({ where, select: { attempt: true } });
    if (!found) return null;
    const attempt = found.attempt + 1;
    const state = attempt > MOST_ATTEMPTS ? 'FAILED' : 'RUNNING';
    const begun = { state, attempt, rowsDone: 0, rowsTotal: null, parts: 0, size: 0 } as const;
    const { count } = await tx.organizationExport.updateMany({ where: { ...where, attempt: found.attempt }, data: begun });
    return count === 1 && state === 'RUNNING' ? attempt : null;
  });
}

async function make(making: Making): Promise<void> {
  const { database, now, orgId, id } = making;
  const at = new Date(now());
  let [done, parts, size] = [0, 0, 0];
  await database.dump(orgId, isLeftOut, async (dump) => {
    await note(making, { rowsTotal: dump.tables.reduce((sum, { rows }) => sum + rows, 0) });
    const head = { exportId: id, organizationId: orgId, exportedAt: at.toISOString() };
    const file = zipped(
      filesOf(dump, head, (rows) => (done += rows)),
      at,
    );
    for await (const piece of inPieces(file, PIECE_BYTES)) {
      parts += 1;
      size += piece.length;
      await keep(making, parts, piece, done);
    }
  });
  const finishedAt = new Date(now());
  const expiresAt = new Date(now() + KEPT_MS);
  await note(making, { state: 'READY', rowsDone: done, parts, size, finishedAt, expiresAt });
}

type Progress = Parameters<Parameters<Parameters<Database['write']>[1]>[0]['organizationExport']['updateMany']>[0]['data'];

async function note({ database, orgId, id, attempt }: Making, data: Progress): Promise<void> {
  await database.write(orgId, async (tx) => {
    const { count } = await tx.organizationExport.updateMany({ where: { orgId, id, attempt, state: 'RUNNING' }, data });
    if (count === 0) throw new Error('Another worker makes this export by now.');
  });
}

/** Over the piece of an attempt before, if there is one. The export's row is locked first, so that of two workers one writes. */
async function keep({ database, orgId, id, attempt }: Making, number: number, piece: Buffer, rowsDone: number): Promise<void> {
  const bytes = new Uint8Array(piece);
  await database.write(orgId, async (tx) => {
    const { count } = await tx.organizationExport.updateMany({
      where: { orgId, id, attempt, state: 'RUNNING' },
      data: { rowsDone },
    });
    if (count === 0) throw new Error('Another worker makes this export by now.');
    const replaced = await tx.organizationExportPart.updateMany({ where: { orgId, exportId: id, number }, data: { bytes } });
    if (replaced.count > 0) return;
    await tx.organizationExportPart.create({ data: { orgId, exportId: id, number, bytes }, select: { number: true } });
  });
}
