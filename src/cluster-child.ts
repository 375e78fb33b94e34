import { isOrder, type Begin, type Load, type Report } from './cluster-messages.js';
import type { Config } from './config.js';
import type { Stoppable } from './listen.js';
import type { Seeing } from './seeing.js';
import { onSignal, reasonOf } from './terminal.js';

/** What a process that was forked is there for; resolves when it does it. `url` is where requests are answered, if any are. */
export type Deed = (root: string, config: Config, seeing: Seeing, order: Begin) => Promise<Stoppable & { url: string | null }>;

type Loaded = (order: Begin) => ReturnType<Deed>;

/** A process that was forked (src/cluster.ts): serves requests or does jobs until it is told to stop, or the first process is gone. */
export function beChild(root: string): void {
  // Ctrl-C reaches every process of the terminal's group; when to end is the first one's to say.
  onSignal(() => undefined);
  process.once('disconnect', () => process.exit(1));
  let loaded: Promise<Loaded> = new Promise(() => undefined);
  let begun: Promise<Stoppable | null> = Promise.resolve(null);
  process.on('message', (order) => {
    if (!isOrder(order)) return;
    if (order.kind === 'load') {
      loaded = load(root, order);
      loaded.catch(fail);
    } else if (order.kind === 'begin') {
      begun = loaded.then((begin) => doAndTell(begin(order)));
      begun.catch(fail);
    } else {
      void begun.then((running) => running?.stop()).finally(() => process.exit());
    }
  });
  report({ kind: 'listening' });
}

async function load(root: string, { does, config }: Load): Promise<Loaded> {
  const { makeLog } = await import('./log.js');
  const { seeingInCluster } = await import('./seeing.js');
  const { begin }: { begin: Deed } = await (does === 'jobs' ? import('./cluster-jobs.js') : import('./cluster-requests.js'));
  return async (order) => {
    const seeing = await seeingInCluster(config, makeLog(config.LOG_LEVEL, !config.production, root));
    const running = await begin(root, { ...config, DATABASE_POOL_SIZE: order.poolSize }, seeing, order);
    const stop = async (): Promise<void> => {
      await running.stop();
      await seeing.close();
    };
    return { url: running.url, stop };
  };
}

async function doAndTell(beginning: ReturnType<Deed>): Promise<Stoppable> {
  const running = await beginning;
  report({ kind: 'ready', url: running.url });
  return running;
}

function fail(error: unknown): void {
  report({ kind: 'failed', reason: reasonOf(error) }, () => process.exit(1));
}

function report(told: Report, then: () => void = () => undefined): void {
  process.send?.(told, then);
}
