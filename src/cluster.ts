import cluster, { type Worker } from 'node:cluster';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isReport, type Order } from './cluster-messages.js';
import type { Config } from './config.js';
import type { RunningDatabase } from './db/setup/bring-up.js';
import { fitPools } from './db/setup/fit-pools.js';
import { showClusterMetrics } from './seeing.js';
import { prepare, replayOn } from './start.js';

type Say = (line: string) => void;
type Begin = Extract<Order, { kind: 'begin' }>;

export interface RunningCluster {
  url: string;
  /** Whether demo data is there to sign in to. */
  demo: boolean;
  /** Resolves to why, when the cluster cannot go on. */
  ended: Promise<string>;
  stop: () => Promise<void>;
}

/** A process that has lived so long did not die of its start. */
const HEALTHY_MS = 10_000;
/** Deaths in a row, each soon after a start, after which another start is not tried. */
const MOST_DEATHS = 5;
const FIRST_WAIT_MS = 100;

/** How many processes serve requests: WEB_CONCURRENCY. */
export function servingProcesses({ WEB_CONCURRENCY: wanted }: Config): number {
  return wanted === 'auto' ? availableParallelism() : wanted;
}

/**
 * Pulse in several processes on one port (docs/decisions/0050-several-processes.md). This one has the database, hands out connections and replaces who
 * dies; those it forks serve requests, and one does the jobs where RUN_WORKER is on. Resolves when all of them are ready.
 */
export async function startCluster(root: string, config: Config, log: Logger, say: Say): Promise<RunningCluster> {
  const processes = servingProcesses(config);
  const { running, demo } = await prepare(root, config, say);
  const metrics = await showClusterMetrics(config, say).catch(stopping(running));
  const close = async (): Promise<void> => void (await Promise.all([running.stop(), metrics?.close()]));
  try {
    await replayOn(root, config, running, log, say);
    const wanted = { processes, poolSize: config.DATABASE_POOL_SIZE, hasJobs: config.RUN_WORKER };
    const poolSize = await fitPools(running.urls.owner, wanted);
    if (poolSize < wanted.poolSize)
      say(`Each process has ${poolSize} connections for reading instead of ${wanted.poolSize}: PostgreSQL has no more.`);
    const order = { kind: 'begin' as const, urls: running.urls, poolSize, demo };
    const crew = openCrew(log);
    const serving = Array.from({ length: processes }, () => crew.keep({ ...order, does: 'requests' }));
    const jobs = config.RUN_WORKER ? [crew.keep({ ...order, does: 'jobs' })] : [];
    const [url] = await Promise.all([...serving, ...jobs]).catch(async (error: unknown) => {
      await crew.stop();
      throw error;
    });
    const ended = Promise.race([crew.failed, running.exited.then(() => POSTGRES_ENDED)]);
    const stop = async (): Promise<void> => {
      await crew.stop().finally(close);
    };
    return { url: url ?? '', demo, ended, stop };
  } catch (error) {
    await close();
    throw error;
  }
}

export const POSTGRES_ENDED = 'PostgreSQL ended by itself; see postgres.log in the data folder.';

interface Crew {
  /** Forks a process for an order, and another one whenever it dies. Resolves to its URL when it is ready. @throws Error why the first one is not. */
  keep(order: Begin): Promise<string | null>;
  /** Resolves when a process dies again and again. */
  failed: Promise<string>;
  stop(): Promise<void>;
}

function openCrew(log: Logger): Crew {
  const alive = new Set<Worker>();
  let isStopping = false;
  let fail: (reason: string) => void;
  const failed = new Promise<string>((resolve) => (fail = resolve));
  const fork = (order: Begin): { worker: Worker; ready: Promise<string | null>; exited: Promise<void> } => {
    const worker = cluster.fork();
    alive.add(worker);
    const exited = new Promise<void>((resolve) => worker.once('exit', () => (alive.delete(worker), resolve())));
    return { worker, ready: readiness(worker, order, exited), exited };
  };
  /** Goes on until the crew stops. */
  const replace = async (order: Begin, exited: Promise<void>, deaths = 0, begun = performance.now()): Promise<void> => {
    await exited;
    if (isStopping) return;
    const inARow = performance.now() - begun > HEALTHY_MS ? 1 : deaths + 1;
    log.error({ does: order.does, inARow }, 'A process of Pulse died and is replaced.');
    if (inARow >= MOST_DEATHS) return fail(`A process that was to do ${order.does} died ${inARow} times in a row.`);
    await sleep(FIRST_WAIT_MS * 2 ** inARow);
    if (isStopping) return;
    const next = fork(order);
    next.ready.catch(() => undefined);
    return replace(order, next.exited, inARow);
  };
  return {
    keep: async (order) => {
      const first = fork(order);
      const url = await first.ready;
      void replace(order, first.exited);
      return url;
    },
    failed,
    stop: async () => {
      isStopping = true;
      const ends = [...alive].map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
      for (const worker of alive) if (worker.isConnected()) worker.send({ kind: 'stop' } satisfies Order);
      await Promise.all(ends);
    },
  };
}

/** Gives the order, and waits until it is carried out. */
async function readiness(worker: Worker, order: Begin, exited: Promise<void>): Promise<string | null> {
  const told = new Promise<string | null>((resolve, reject) => {
    worker.on('message', (report) => {
      if (!isReport(report)) return;
      if (report.kind === 'listening') worker.send(order);
      else if (report.kind === 'ready') resolve(report.url);
      else reject(new Error(report.reason));
    });
  });
  const died = exited.then(() => {
    throw new Error('A process died as it started.');
  });
  return Promise.race([told, died]);
}

function stopping(running: RunningDatabase): (error: unknown) => Promise<never> {
  return async (error) => {
    await running.stop();
    throw error;
  };
}
