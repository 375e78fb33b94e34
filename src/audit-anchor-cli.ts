import { parseArgs } from 'node:util';
import { readConfig } from './config.js';
import { anchorFile } from './anchor-file.js';
import { anchorSignatures, appendAnchors, headsNow, newAnchors, readAnchors } from './db/chain/anchors.js';
import { withConnection } from './db/backup/connection.js';
import { openSource } from './db/backup/index.js';
import { projectRoot } from './root.js';
import { runCommand, say } from './terminal.js';

const HELP = `npm run audit:anchor -- [--file <file>]

Adds where each organization's audit stands to the end of a file, signed: by default AUDIT_ANCHORS, else audit-anchors.jsonl in the data folder.
Keep the file where whoever can write to the database cannot; npm run audit:verify finds what was cut off or rewritten since.`;

await runCommand(main);

async function main(): Promise<void> {
  const { help, file: given } = readArguments();
  if (help) return say(HELP);
  const config = readConfig(projectRoot());
  const file = anchorFile(config, given);
  const { sign, verify } = anchorSignatures(config.SECRET_KEY);
  const known = await readAnchors(file, verify);
  const source = await openSource(config.DATABASE_URL, config.PULSE_DATA_DIR, say);
  try {
    const heads = await withConnection(source.url, headsNow);
    const fresh = newAnchors(heads, known);
    await appendAnchors(file, fresh, sign);
    say(`${fresh.length} of ${heads.length} organizations have new facts; where they stand is in ${file}`);
  } finally {
    await source.stop();
  }
}

function readArguments(): { help: boolean; file: string | undefined } {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean' }, file: { type: 'string' } } });
    return { help: values.help ?? false, file: values.file };
  } catch {
    throw new Error(HELP);
  }
}
