import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { embeddedError } from './error.js';
import { isAlive, startMark } from './process-id.js';

/**
 * Makes this process the owner of the data folder and answers a function that ends it. Throws a sentence when another
 * Pulse that still runs (or this one) owns it; what a dead one left is taken over.
 */
export function claim(ownerFile: string): () => void {
  const mine = `${process.pid}\n${startMark(process.pid)}\n`;
  while (!tryWrite(ownerFile, mine)) {
    const found = readText(ownerFile);
    if (found === undefined) continue;
    const pid = livingOwner(found);
    if (pid !== undefined) throw alreadyRunning(pid);
    removeIfStill(ownerFile, found);
  }
  return () => {
    if (readText(ownerFile) === mine) rmSync(ownerFile, { force: true });
  };
}

function tryWrite(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw embeddedError(`Pulse cannot write ${file}: ${(error as Error).message}.`, error);
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw embeddedError(`Pulse cannot read ${file}: ${(error as Error).message}.`, error);
  }
}

function livingOwner(text: string): number | undefined {
  const [id = '', mark = ''] = text.split('\n');
  const pid = Number(id);
  if (!isAlive(pid)) return undefined;
  const now = startMark(pid);
  return mark === '' || now === '' || mark === now ? pid : undefined;
}

/** Moves the file away first: between reading and removing it, another starter may have put its own there. */
function removeIfStill(ownerFile: string, judged: string): void {
  const aside = `${ownerFile}.${process.pid}`;
  try {
    renameSync(ownerFile, aside);
    if (readText(aside) !== judged) linkSync(aside, ownerFile);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function alreadyRunning(pid: number): Error {
  return embeddedError(
    `Pulse is already running on this data folder (pid ${pid}). Stop it, or set PULSE_DATA_DIR to another folder.`,
  );
}
