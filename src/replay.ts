import type { Logger } from 'pino';
import type { Config } from './config.js';
import { openCore, type Core } from './core.js';
import type { RunningDatabase } from './db/setup/bring-up.js';
import { replayErasures } from './domain/gdpr/replay.js';
import { appSettings } from './settings.js';

type Say = (line: string) => void;
type Database = Pick<RunningDatabase, 'urls'>;

/** Erases again who was erased after a backup that has just been restored. */
export async function replayOn(root: string, config: Config, database: Database, log: Logger, say: Say): Promise<void> {
  const core = openCore(appSettings(root, config, database, { log, metrics: null, traces: null }, false));
  try {
    await replay(core, say);
  } finally {
    await core.database.close();
  }
}

/** Before anybody is served, and before any job is done. */
export async function replay({ database, privacy }: Core, say: Say): Promise<void> {
  const { ledger } = privacy;
  if (ledger) await replayErasures(database, { ...privacy, ledger }, say);
}
