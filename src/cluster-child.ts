import type { Logger } from 'pino';
import { buildApp } from './app.js';
import { isOrder, type Order, type Report } from './cluster-messages.js';
import type { Config } from './config.js';
import { listen } from './listen.js';
import { seeingInCluster, type Seeing } from './seeing.js';
import { appSettings } from './settings.js';
import { startJobs, stopServing, type Stoppable } from './start.js';
import { onSignal, reasonOf, say } from './terminal.js';

type Begin = Extract<Order, { kind: 'begin' }>;

/** A process that was forked (src/cluster.ts): serves requests or does jobs until it is told to stop, or the first process is gone. */
export function beChild(root: string, config: Config, log: Logger): void {
  // Ctrl-C reaches every process of the terminal's group; when to end is the first one's to say.
  onSignal(() => undefined);
  process.once('disconnect', () => process.exit(1));
  let begun: Promise<Stoppable> | undefined;
  process.on('message', (order) => {
    if (!isOrder(order)) return;
    if (order.kind === 'begin') {
      begun = begin(root, { ...config, DATABASE_POOL_SIZE: order.poolSize }, log, order);
      begun.catch((error: unknown) => report({ kind: 'failed', reason: reasonOf(error) }, () => process.exit(1)));
    } else {
      void (begun ?? Promise.resolve(null)).then((running) => running?.stop()).finally(() => process.exit());
    }
  });
  report({ kind: 'listening' });
}

async function begin(root: string, config: Config, log: Logger, order: Begin): Promise<Stoppable> {
  const seeing = await seeingInCluster(config, log);
  const running = await (order.does === 'jobs' ? doJobs : serve)(root, config, seeing, order);
  return {
    stop: async () => {
      await running.stop();
      await seeing.close();
    },
  };
}

async function doJobs(root: string, config: Config, seeing: Seeing, order: Begin): Promise<Stoppable> {
  const jobs = await startJobs(root, config, order, seeing, say);
  report({ kind: 'ready', url: null });
  return jobs;
}

async function serve(root: string, config: Config, seeing: Seeing, order: Begin): Promise<Stoppable> {
  const app = await buildApp(appSettings(root, config, order, seeing, order.demo));
  try {
    await app.database.warmUp();
    report({ kind: 'ready', url: await listen(app, config) });
  } catch (error) {
    await app.close();
    throw error;
  }
  return { stop: () => stopServing(app, config.DRAIN_MS) };
}

function report(told: Report, then: () => void = () => undefined): void {
  process.send?.(told, then);
}
