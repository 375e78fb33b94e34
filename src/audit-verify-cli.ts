import { parseArgs } from 'node:util';
import { anchorFile } from './anchor-file.js';
import { readConfig } from './config.js';
import { anchorSignatures, readAnchors } from './db/chain/anchors.js';
import { describeVerdict, isInOrder } from './db/chain/describe.js';
import { restoreSignatures } from './db/chain/restores.js';
import { verifyAll, type Outside } from './db/chain/verify-all.js';
import { withConnection } from './db/backup/connection.js';
import { openSource } from './db/backup/index.js';
import { readable, sayNowAndThen } from './db/backup/progress.js';
import { projectRoot } from './root.js';
import { runCommand, say } from './terminal.js';

const HELP = `npm run audit:verify -- [--file <anchors>] [--org <id>] [--gone <id>]…

Recomputes the audit of every organization (or of one) and compares it with the anchors that npm run audit:anchor or the worker kept.
Names the first fact of each that is not in order, and ends with exit code 1 when there is one.
--gone names an organization that the anchors know and that was deleted.`;

await runCommand(main);

async function main(): Promise<void> {
  const { help, file: given, org, gone } = readArguments();
  if (help) return say(HELP);
  const config = readConfig(projectRoot());
  const file = anchorFile(config, given);
  const anchors = await readAnchors(file, anchorSignatures(config.SECRET_KEY).verify);
  say(
    anchors.length > 0
      ? `${anchors.length} anchors from ${file}`
      : `No anchors in ${file}: a tail that was cut off cannot be seen.`,
  );
  const { verify: verifyRestore } = restoreSignatures(config.SECRET_KEY);
  const source = await openSource(config.DATABASE_URL, config.PULSE_DATA_DIR, say);
  try {
    if (!(await report(source.url, { anchors, verifyRestore, only: org, gone }))) process.exitCode = 1;
  } finally {
    await source.stop();
  }
}

/** @returns whether everything is in order. */
function report(url: string, outside: Outside): Promise<boolean> {
  return withConnection(url, async (client) => {
    const started = performance.now();
    const progress = sayNowAndThen(say);
    let checked = 0;
    let organizations = 0;
    let wrong = 0;
    const onPage = (facts: number): void => {
      checked += facts;
      progress(() => `${readable(checked)} facts so far …`);
    };
    for await (const verdict of verifyAll(client, { ...outside, onPage })) {
      organizations += 1;
      if (!isInOrder(verdict)) wrong += 1;
      for (const line of describeVerdict(verdict)) say(line);
    }
    const rate = Math.round(checked / ((performance.now() - started) / 1000));
    say(
      `${readable(checked)} facts of ${organizations} organizations, ${readable(rate)} a second: ${wrong === 0 ? 'all in order' : `${wrong} not in order`}.`,
    );
    return wrong === 0;
  });
}

function readArguments(): { help: boolean; file: string | undefined; org: string | undefined; gone: string[] } {
  try {
    const text = { type: 'string' } as const;
    const options = { help: { type: 'boolean' }, file: text, org: text, gone: { ...text, multiple: true } } as const;
    const { values } = parseArgs({ options });
    return { help: values.help ?? false, file: values.file, org: values.org, gone: values.gone ?? [] };
  } catch {
    throw new Error(HELP);
  }
}
