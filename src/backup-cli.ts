import path from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig, type Config } from './config.js';
import { createBackup, openSource, type Manifest } from './db/backup/index.js';
import { projectRoot } from './root.js';
import { runCommand, say } from './terminal.js';

const HELP = `npm run backup -- [folder]

Writes the database into a new folder, by default backups/<time> in the data folder. It holds personal data.`;

await runCommand(main);

async function main(): Promise<void> {
  const { help, folders } = readArguments();
  if (help) return say(HELP);
  if (folders.length > 1) throw new Error(HELP);
  const config = readConfig(projectRoot());
  const folder = path.resolve(folders[0] ?? defaultFolder(config));
  const source = await openSource(config.DATABASE_URL, config.PULSE_DATA_DIR, say);
  try {
    const manifest = await createBackup({ url: source.url, folder, secret: config.SECRET_KEY, say });
    report(folder, manifest);
  } finally {
    await source.stop();
  }
}

function defaultFolder(config: Config): string {
  const time = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return path.join(config.PULSE_DATA_DIR, 'backups', time);
}

function report(folder: string, { tables }: Manifest): void {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  say(`${rows.toLocaleString('en')} rows of ${tables.length} tables are backed up in ${folder}`);
  say('Keep the SECRET_KEY apart from it: it is not in the backup, and without it no password in the backup works.');
}

function readArguments(): { help: boolean; folders: string[] } {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean' } } });
    return { help: values.help ?? false, folders: positionals };
  } catch {
    throw new Error(HELP);
  }
}
