import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ReceiptClaims } from './receipts.js';

/**
 * INTENDED stands there before the database commits, DONE after it. FAILED: after a crash the database did not know of it. A DONE counts,
 * whatever else there is.
 */
export type LedgerStep = 'INTENDED' | 'DONE' | 'FAILED';

/** Whom an erasure is about, by ids. */
export type Erased = Pick<ReceiptClaims, 'erasureId' | 'organizationId' | 'kind' | 'recordId'>;

export interface LedgerLine extends Erased {
  step: LedgerStep;
  at: string;
  /** A keyed hash of why, with the person masked already. */
  reason: string | null;
}

/** The ledger of erasures: a file apart from the database that is only ever added to. A backup that is restored is held against it. */
export interface ErasureLedger {
  file: string;
  /** On the disk when it resolves. @throws when it could not be written. */
  intend(erased: Erased, reason: string): Promise<void>;
  /** Says how it ended. What cannot be written now is complained about, and written with the next line. */
  settle(erased: Erased, step: 'DONE' | 'FAILED'): Promise<void>;
  /** @throws Error with a sentence that names the line, when one is not as it was written. */
  read(): Promise<{ lines: LedgerLine[]; unfinished: number[] }>;
}

interface LedgerSettings {
  file: string;
  secret: string;
  now: () => number;
  complain: (error: unknown) => void;
}

/** The key follows from the server's secret: with another one no line is recognised. */
export function erasureLedger({ file, secret, now, complain }: LedgerSettings): ErasureLedger {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'pulse ledger of erasures', 32));
  const mac = (text: string): string => createHmac('sha256', key).update(text).digest('base64url');
  const inTurn = oneAfterTheOther();
  let late = '';
  const write = (step: LedgerStep, { erasureId, organizationId, kind, recordId }: Erased, reason: string | null): Promise<void> =>
    inTurn(async () => {
      const line: LedgerLine = { step, erasureId, organizationId, kind, recordId, at: new Date(now()).toISOString(), reason };
      const text = `${late}${sealed(line, mac)}\n`;
      await append(file, text).catch((error: unknown) => {
        if (step !== 'INTENDED') late = text;
        throw error;
      });
      late = '';
    });
  return {
    file,
    intend: (erased, reason) =>
      write('INTENDED', erased, mac(reason)).catch((error: unknown) => {
        complain(error);
        throw error;
      }),
    settle: (erased, step) => write(step, erased, null).catch(complain),
    read: async () => linesIn(await textOf(file), file, mac),
  };
}

const MAC = /^(\{.*),"mac":"([\w-]{43})"\}$/;

function sealed(line: LedgerLine, mac: (text: string) => string): string {
  const text = JSON.stringify({ v: 1, ...line });
  return `${text.slice(0, -1)},"mac":"${mac(text)}"}`;
}

/** A line without its end was being written when the machine or the disk gave up: its erasure did not happen. */
function linesIn(text: string, file: string, mac: (text: string) => string): { lines: LedgerLine[]; unfinished: number[] } {
  const lines: LedgerLine[] = [];
  const unfinished: number[] = [];
  text.split('\n').forEach((line, index) => {
    if (line === '') return;
    if (!line.endsWith('}')) return void unfinished.push(index + 1);
    const [, start = '', given = ''] = MAC.exec(line) ?? [];
    const told = `${start}}`;
    if (!timingSafeEqual(Buffer.from(given.padEnd(43)), Buffer.from(mac(told))))
      throw new Error(
        `Line ${index + 1} of the ledger of erasures (${file}) is not as Pulse wrote it. Put the file back from a copy, and SECRET_KEY ` +
          'too if it is another one. Pulse does not start before, because people who were erased could be back.',
      );
    lines.push(JSON.parse(told) as LedgerLine);
  });
  return { lines, unfinished };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new Error(`The ledger of erasures (${file}) cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

/** In one write, behind whatever another process has written, and on the disk with its directory entry. */
async function append(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const { buffer } = size > 0 ? await handle.read(Buffer.alloc(1), 0, 1, size - 1) : { buffer: Buffer.from('\n') };
    const bytes = Buffer.from(buffer.toString() === '\n' ? text : `\n${text}`);
    const { bytesWritten } = await handle.write(bytes);
    if (bytesWritten < bytes.length) throw new Error('The disk took only a part of the line.');
    await handle.sync();
    if (size === 0) await syncFolder(path.dirname(file));
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function oneAfterTheOther(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
