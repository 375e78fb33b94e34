import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildApp, type App } from './app.js';
import { openCore, type Core } from './core.js';
import type { Config } from './config.js';
import type { RunningDatabase } from './db/setup/bring-up.js';
import { checkRole } from './db/setup/check-roles.js';
import { seedWhenEmpty } from './demo.js';
import { replayErasures } from './domain/gdpr/replay.js';
import { openSeeing, type Seeing } from './seeing.js';
import { appSettings, openTheDatabase, workerSettings } from './settings.js';
import { doJobs } from './worker.js';

type Say = (line: string) => void;
type Database = Pick<RunningDatabase, 'urls'>;
type Sight = Omit<Seeing, 'close'>;

export interface Running {
  app: App;
  /** Whether demo data is there to sign in to. */
  demo: boolean;
  exited: Promise<unknown>;
  stop: () => Promise<void>;
}

/** Something that was started and can be ended. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Database, demo data, server and, where RUN_WORKER is on, the jobs; ready to listen. */
export async function start(root: string, config: Config, log: Logger, say: Say): Promise<Running> {
  const seeing = await openSeeing(config, log, say);
  const { running, demo } = await prepare(root, config, say).catch(closing(seeing));
  try {
    const app = await buildApp(appSettings(root, config, running, seeing, demo));
    await app.database.warmUp();
    await replay(app, say).catch(async (error: unknown) => {
      await app.close();
      throw error;
    });
    const jobs = config.RUN_WORKER ? await doJobs(app, workerSettings(config, running, seeing, say)) : null;
    const stop = async (): Promise<void> => {
      try {
        await stopServing(app, config.DRAIN_MS, jobs);
      } finally {
        await Promise.all([running.stop(), seeing.close()]);
      }
    };
    return { app, demo, exited: running.exited, stop };
  } catch (error) {
    await Promise.all([running.stop(), seeing.close()]);
    throw error;
  }
}

/** Database and jobs, and no server. */
export async function startWorker(root: string, config: Config, log: Logger, say: Say): Promise<Omit<Running, 'app' | 'demo'>> {
  const seeing = await openSeeing(config, log, say);
  const { running } = await prepare(root, { ...config, DEMO_DATA: false }, say).catch(closing(seeing));
  try {
    const jobs = await startJobs(root, config, running, seeing, say);
    const stop = async (): Promise<void> => {
      try {
        await jobs.stop();
      } finally {
        await Promise.all([running.stop(), seeing.close()]);
      }
    };
    return { exited: running.exited, stop };
  } catch (error) {
    await Promise.all([running.stop(), seeing.close()]);
    throw error;
  }
}

/** The database in the state this version needs, with roles that PostgreSQL holds back, and with demo data where it is wanted. */
export async function prepare(root: string, config: Config, say: Say): Promise<{ running: RunningDatabase; demo: boolean }> {
  const running = await openTheDatabase(root, config, say);
  try {
    await Promise.all([running.urls.app, running.urls.signin, running.urls.worker].map(checkRole));
    return { running, demo: config.DEMO_DATA && (await seedWhenEmpty(running, config, say)) };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** Jobs alone, on a database that is prepared. */
export async function startJobs(root: string, config: Config, database: Database, seeing: Sight, say: Say): Promise<Stoppable> {
  const core = openCore(appSettings(root, config, database, seeing, false));
  try {
    await replay(core, say);
    const jobs = await doJobs(core, workerSettings(config, database, seeing, say));
    return {
      stop: async () => {
        await jobs.stop();
        await core.database.close();
      },
    };
  } catch (error) {
    await core.database.close();
    throw error;
  }
}

/** Refuses what is new, lets what runs finish. @param drainMs for load balancers to notice first. */
export async function stopServing(app: App, drainMs: number, jobs: Stoppable | null = null): Promise<void> {
  app.beginClosing();
  if (app.http.server.listening) await sleep(drainMs);
  await Promise.all([app.http.close(), jobs?.stop()]);
  await app.close();
}

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
async function replay({ database, privacy }: Core, say: Say): Promise<void> {
  const { ledger } = privacy;
  if (ledger) await replayErasures(database, { ...privacy, ledger }, say);
}

function closing(seeing: Seeing): (error: unknown) => Promise<never> {
  return async (error) => {
    await seeing.close();
    throw error;
  };
}
