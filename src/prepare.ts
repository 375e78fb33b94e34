import type { Config } from './config.js';
import { bringUpDatabase, type RunningDatabase } from './db/setup/bring-up.js';
import { checkRole } from './db/setup/check-roles.js';
import { seedWhenEmpty } from './demo.js';

type Say = (line: string) => void;

export interface Prepared {
  running: RunningDatabase;
  /** Whether demo data is there to sign in to. */
  demo: boolean;
}

/** The database in the state this version needs, with roles that PostgreSQL holds back, and with demo data where it is wanted. */
export async function prepare(root: string, config: Config, say: Say): Promise<Prepared> {
  const running = await openTheDatabase(root, config, say);
  try {
    await Promise.all([running.urls.app, running.urls.signin, running.urls.worker].map(checkRole));
    return { running, demo: config.DEMO_DATA && (await seedWhenEmpty(running, config, say)) };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** Finds or starts PostgreSQL, with all of the settings that concern it. */
export function openTheDatabase(root: string, config: Config, say: (line: string) => void): Promise<RunningDatabase> {
  return bringUpDatabase({
    root,
    ownerUrl: config.DATABASE_URL,
    appUrl: config.APP_DATABASE_URL,
    signinUrl: config.SIGNIN_DATABASE_URL,
    workerUrl: config.WORKER_DATABASE_URL,
    readerRole: config.READER_ROLE,
    secret: config.SECRET_KEY,
    dataDir: config.PULSE_DATA_DIR,
    say,
  });
}
