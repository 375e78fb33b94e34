import type { Logger } from 'pino';
import { buildApp, type App } from './app.js';
import type { Config } from './config.js';
import { stopServing } from './listen.js';
import { prepare, type Prepared } from './prepare.js';
import { replay } from './replay.js';
import { openSeeing, type Seeing } from './seeing.js';
import { appSettings } from './settings.js';

type Say = (line: string) => void;

export interface Running {
  app: App;
  /** Whether demo data is there to sign in to. */
  demo: boolean;
  exited: Promise<unknown>;
  stop: () => Promise<void>;
}

/**
 * Database, demo data, server and, where RUN_WORKER is on, the jobs; ready to listen.
 *
 * @param preparing the database, where that was begun before this file was loaded.
 */
export async function start(
  root: string,
  config: Config,
  log: Logger,
  say: Say,
  preparing: Promise<Prepared> = prepare(root, config, say),
): Promise<Running> {
  const seeing = await openSeeing(config, log, say).catch(async (error: unknown) => {
    await preparing.then(({ running }) => running.stop()).catch(() => undefined);
    throw error;
  });
  const { running, demo } = await preparing.catch(closing(seeing));
  try {
    const app = await buildApp(appSettings(root, config, running, seeing, demo));
    await app.database.warmUp();
    await replay(app, say).catch(async (error: unknown) => {
      await app.close();
      throw error;
    });
    const jobs = config.RUN_WORKER
      ? await import('./start-jobs.js').then(({ startJobsOf }) => startJobsOf(app, config, running, seeing, say))
      : null;
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
    const { startJobs } = await import('./start-jobs.js');
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

function closing(seeing: Seeing): (error: unknown) => Promise<never> {
  return async (error) => {
    await seeing.close();
    throw error;
  };
}
