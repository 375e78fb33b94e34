import { v7 as uuidv7 } from 'uuid';
import { systemCaller } from '../../caller.js';
import { change, type Database, type ErasureState } from '../../db/index.js';
import { eraseAgain, type Again } from './erase-again.js';
import type { Erased, ErasureLedger, LedgerLine } from './ledger.js';
import type { PrivacyDoor } from './privacy-door.js';

/** How many people the database is asked about at a time. */
const PART = 5_000;
const PATIENCE_MS = 2_000;

/**
 * Carries out again what the ledger of erasures has and the database does not: it was restored from a backup of before. Any number of
 * instances may do so at once.
 *
 * @throws Error with a sentence; nobody should be served then.
 */
export async function replayErasures(
  database: Pick<Database, 'write' | 'scope' | 'erasureStates'>,
  door: Pick<PrivacyDoor, 'receipts' | 'now'> & { ledger: ErasureLedger },
  say: (line: string) => void,
): Promise<void> {
  const { ledger } = door;
  const { lines, unfinished } = await ledger.read();
  for (const line of unfinished)
    say(`Line ${line} of the ledger of erasures was never finished: its erasure did not happen. It is passed over.`);
  const entries = entriesOf(lines);
  const states = await statesOf(database, entries);
  await settleOpen(ledger, entries, states, say);
  const lost = entries.filter(({ isDone }, index) => isDone && states[index] === 'THERE');
  const progress = sayNowAndThen(say);
  let done = 0;
  for (const [index, { erased }] of lost.entries()) {
    progress(`Erasing again who was erased after this backup: ${index} of ${lost.length} …`);
    const outcome = await again(database, door, erased);
    if (outcome === 'ERASED') done += 1;
    if (outcome === 'LAST_OWNER') say(lastOwner(erased));
  }
  if (done > 0) say(`${done} who had been erased after this backup were erased again.`);
}

interface Entry {
  erased: Erased;
  isDone: boolean;
  isFailed: boolean;
}

function entriesOf(lines: readonly LedgerLine[]): Entry[] {
  const entries = new Map<string, Entry>();
  for (const { step, erasureId, organizationId, kind, recordId } of lines) {
    const erased = { erasureId, organizationId, kind, recordId };
    const entry = entries.get(erasureId) ?? { erased, isDone: false, isFailed: false };
    if (step === 'DONE') entry.isDone = true;
    if (step === 'FAILED') entry.isFailed = true;
    entries.set(erasureId, entry);
  }
  return [...entries.values()];
}

async function statesOf(database: Pick<Database, 'erasureStates'>, entries: readonly Entry[]): Promise<ErasureState[]> {
  const states: ErasureState[] = [];
  for (let start = 0; start < entries.length; start += PART) {
    const part = entries.slice(start, start + PART);
    states.push(
      ...(await database.erasureStates(
        part.map(({ erased: { organizationId, recordId } }) => ({ orgId: organizationId, recordId })),
      )),
    );
  }
  return states;
}

/**
 * Says how erasures ended that a crash kept from saying so: the database knows. One that it does not know of is not carried out, because it
 * may have failed.
 */
async function settleOpen(
  ledger: ErasureLedger,
  entries: readonly Entry[],
  states: readonly ErasureState[],
  say: (line: string) => void,
): Promise<void> {
  for (const [index, { erased, isDone, isFailed }] of entries.entries()) {
    if (isDone) continue;
    if (states[index] === 'ERASED') await ledger.settle(erased, 'DONE');
    if (states[index] !== 'THERE' || isFailed) continue;
    say(
      `The erasure of ${whomOf(erased)} was begun and never heard of again, and the database does not know it. Ask for it anew.`,
    );
    await ledger.settle(erased, 'FAILED');
  }
}

function whomOf({ kind, recordId, organizationId }: Erased): string {
  return `${kind.toLowerCase()} ${recordId} of organization ${organizationId}`;
}

/** Whoever else could say who owns the organization is not on this backup. */
function lastOwner(erased: Erased): string {
  return (
    `The ${whomOf(erased)} was erased after this backup, and is its only owner here. They are not erased again before somebody else is ` +
    'an owner (see "The ledger of erasures" in docs/OPERATIONS.md); then start Pulse once more.'
  );
}

async function again(
  database: Pick<Database, 'write' | 'scope'>,
  door: Pick<PrivacyDoor, 'receipts' | 'now'>,
  erased: Erased,
): Promise<Again> {
  const { organizationId, recordId, erasureId } = erased;
  const origin = { requestId: uuidv7(), ip: null, operation: 'replay of erasures' };
  const request = { caller: systemCaller(organizationId), database, origin, idempotency: null };
  let outcome: Again = 'NOBODY';
  try {
    await change(request, recordId, async (writer) => {
      outcome = await eraseAgain(writer, door, erased);
    });
    return outcome;
  } catch (error) {
    throw new Error(
      `Erasure ${erasureId} could not be carried out again (${(error as Error).message}). Pulse does not start before it is.`,
      { cause: error },
    );
  }
}

/** Nothing within the first two seconds, and then no more than a line each. */
function sayNowAndThen(say: (line: string) => void): (line: string) => void {
  let last = performance.now();
  return (line) => {
    if (performance.now() - last < PATIENCE_MS) return;
    last = performance.now();
    say(line);
  };
}
