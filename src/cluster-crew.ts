import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isReport, type Begin, type Load, type Order } from './cluster-messages.js';

/** The processes that the first one has forked. */
export interface Crew {
  /** Forks a process, and another one whenever it dies. Resolves to its URL when it is ready. @throws Error why the first one is not. */
  keep(load: Load): Promise<string | null>;
  /** The same without waiting: that the first one cannot start is why the crew failed. */
  keepLater(load: Load): void;
  /** Resolves to why, when a process cannot start, or dies again and again. */
  failed: Promise<string>;
  stop(): Promise<void>;
}

interface Forked {
  ready: Promise<string | null>;
  exited: Promise<void>;
}

/** A process that has been ready for so long did not die of its start. */
const HEALTHY_MS = 10_000;
/** Deaths in a row, each soon after a start, after which another start is not tried. */
const MOST_DEATHS = 5;
const FIRST_WAIT_MS = 100;

/** @param begin is what each process is told when it has been loaded. */
export function openCrew(begin: Promise<Begin>, openLog: () => Promise<Logger>): Crew {
  const { fork, endAll } = openForks(begin);
  let isStopping = false;
  let log: Promise<Logger> | undefined;
  let fail: (reason: string) => void;
  const failed = new Promise<string>((resolve) => (fail = resolve));
  /** Goes on until the crew stops. */
  const replace = async (load: Load, { ready, exited }: Forked, deaths = 0): Promise<void> => {
    let healthyFrom = Infinity;
    ready.then(
      () => (healthyFrom = performance.now() + HEALTHY_MS),
      () => undefined,
    );
    await exited;
    if (isStopping) return;
    const inARow = performance.now() > healthyFrom ? 1 : deaths + 1;
    (await (log ??= openLog())).error({ does: load.does, inARow }, 'A process of Pulse died and is replaced.');
    if (inARow >= MOST_DEATHS) return fail(`A process that was to do ${load.does} died ${inARow} times in a row.`);
    await sleep(FIRST_WAIT_MS * 2 ** inARow);
    if (isStopping) return;
    return replace(load, fork(load), inARow);
  };
  const keep = async (load: Load): Promise<string | null> => {
    const first = fork(load);
    const url = await first.ready;
    void replace(load, first);
    return url;
  };
  return {
    keep,
    keepLater: (load) => void keep(load).catch((error: Error) => isStopping || fail(error.message)),
    failed,
    stop: () => {
      isStopping = true;
      return endAll();
    },
  };
}

function openForks(begin: Promise<Begin>): { fork: (load: Load) => Forked; endAll: () => Promise<void> } {
  const alive = new Set<Worker>();
  const begun = new WeakSet<Worker>();
  const fork = (load: Load): Forked => {
    const worker = cluster.fork();
    alive.add(worker);
    const exited = new Promise<void>((resolve) => worker.once('exit', () => (alive.delete(worker), resolve())));
    const order = (): Promise<void> =>
      begin.then((given) => {
        begun.add(worker);
        tell(worker, given);
      });
    return { ready: readiness(worker, load, order, exited), exited };
  };
  const endAll = async (): Promise<void> => {
    const ends = [...alive].map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    for (const worker of alive) {
      // Who has not begun has nothing to finish, and may not listen yet.
      if (begun.has(worker)) tell(worker, { kind: 'stop' });
      else worker.process.kill('SIGKILL');
    }
    await Promise.all(ends);
  };
  return { fork, endAll };
}

/** Gives the orders, and waits until they are carried out. */
async function readiness(worker: Worker, load: Load, order: () => Promise<void>, exited: Promise<void>): Promise<string | null> {
  const told = new Promise<string | null>((resolve, reject) => {
    worker.on('message', (report) => {
      if (!isReport(report)) return;
      if (report.kind === 'listening') {
        tell(worker, load);
        order().catch(reject);
      } else if (report.kind === 'ready') resolve(report.url);
      else reject(new Error(report.reason));
    });
  });
  const died = exited.then(() => {
    throw new Error('A process died as it started.');
  });
  return Promise.race([told, died]);
}

/** Who is gone by now is known by its exit. */
function tell(worker: Worker, order: Order): void {
  if (worker.isConnected()) worker.process.send(order, () => undefined);
}
