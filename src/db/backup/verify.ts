import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { tableFile, type Manifest, type TableEntry } from './manifest.js';
import { readable, sayNowAndThen } from './progress.js';
import { tallying, type Tally } from './tally.js';

/**
 * Reads a backup to the end and compares it with its manifest.
 *
 * @throws Error naming the first file that is missing or differs.
 */
export async function verifyFiles(folder: string, { tables }: Manifest, say: (line: string) => void): Promise<void> {
  const progress = sayNowAndThen(say);
  let checked = 0;
  for (const table of tables) {
    const found = await readTally(folder, table, (rows) => {
      checked += rows;
      progress(() => `Checking the backup: ${readable(checked)} rows …`);
    });
    if (found?.rows === table.rows && found.sha256 === table.sha256) continue;
    throw new Error(
      `The backup ${folder} is damaged: the file of table ${table.name} is not what was written. Nothing was loaded; use another backup.`,
    );
  }
}

/** Null when the file is missing, cut off, or not readable as gzip. */
async function readTally(folder: string, { name }: TableEntry, advance: (rows: number) => void): Promise<Tally | null> {
  const { stream, tally } = tallying(advance);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    await pipeline(createReadStream(tableFile(folder, name)), createGunzip(), stream, nowhere);
    return tally();
  } catch {
    return null;
  }
}
