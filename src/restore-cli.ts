import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Logger } from 'pino';
import { makeLog } from './log.js';
import { readConfig, type Config } from './config.js';
import { hasSecretOf, readManifest, restoreBackup } from './db/backup/index.js';
import type { RoleSettings } from './db/setup/index.js';
import { openTheDatabase } from './prepare.js';
import { projectRoot } from './root.js';
import { replayOn } from './replay.js';
import { runCommand, say } from './terminal.js';

const HELP = `npm run restore -- <folder>

Fills an empty database from a folder that npm run backup wrote. Stop Pulse first.`;

await runCommand(main);

async function main(): Promise<void> {
  const { help, folders } = readArguments();
  if (help) return say(HELP);
  const [given] = folders;
  if (!given || folders.length > 1) throw new Error(HELP);
  const root = projectRoot();
  const config = readConfig(root);
  const folder = path.resolve(given);
  await readManifest(folder);
  await restore(root, config, folder, makeLog(config.LOG_LEVEL, !config.production, root));
}

/** A database of somebody else's is taken as it is; the embedded one is Pulse's own, made here and remade when that helps. */
async function restore(root: string, config: Config, folder: string, log: Logger): Promise<void> {
  const server = config.DATABASE_URL ? undefined : await openTheDatabase(root, config, say);
  try {
    const roles: RoleSettings = server
      ? { ownerUrl: server.urls.owner, secret: config.SECRET_KEY }
      : givenRoles(config, config.DATABASE_URL ?? '');
    const manifest = await restoreBackup({ root, folder, roles, startOver: server !== undefined, say });
    await replayOn(root, config, server ?? (await openTheDatabase(root, config, say)), log, say);
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
    say(`${rows.toLocaleString('en')} rows of ${manifest.tables.length} tables are restored from ${folder}`);
    if (!hasSecretOf(manifest, config.SECRET_KEY)) {
      say('Its passwords were hashed with another SECRET_KEY: set that one before you start Pulse, or nobody can sign in.');
    }
  } finally {
    await server?.stop();
  }
}

function givenRoles(config: Config, ownerUrl: string): RoleSettings {
  return {
    ownerUrl,
    appUrl: config.APP_DATABASE_URL,
    signinUrl: config.SIGNIN_DATABASE_URL,
    workerUrl: config.WORKER_DATABASE_URL,
    readerRole: config.READER_ROLE,
    secret: config.SECRET_KEY,
  };
}

function readArguments(): { help: boolean; folders: string[] } {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean' } } });
    return { help: values.help ?? false, folders: positionals };
  } catch {
    throw new Error(HELP);
  }
}
