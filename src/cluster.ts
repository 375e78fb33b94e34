import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { openCrew } from './cluster-crew.js';
import type { ClusterDatabase, openClusterDatabase } from './cluster-database.js';
import type { Config } from './config.js';

type Say = (line: string) => void;

export interface RunningCluster {
  url: string;
  /** Whether demo data is there to sign in to. */
  demo: boolean;
  /** Resolves to why, when the cluster cannot go on. */
  ended: Promise<string>;
  stop: () => Promise<void>;
}

/** How many processes serve requests: WEB_CONCURRENCY. */
export function servingProcesses({ WEB_CONCURRENCY: wanted }: Config): number {
  return wanted === 'auto' ? availableParallelism() : wanted;
}

/**
 * Pulse in several processes on one port (docs/decisions/0050-several-processes.md). This one has the database, hands out connections and replaces who
 * dies; those it forks serve requests, and one does the jobs where RUN_WORKER is on. Resolves when all that serve are ready.
 *
 * They are forked before anything else is loaded here: to load what they need takes them longer than it takes this one to make the database ready.
 */
export async function startCluster(root: string, config: Config, say: Say): Promise<RunningCluster> {
  const processes = servingProcesses(config);
  const database = openDatabase(root, config, processes, say);
  const begin = database.then((opened) => opened.begin);
  begin.catch(() => undefined);
  const crew = openCrew(begin, () => openLog(config));
  const stop = async (): Promise<void> => {
    await crew.stop().finally(() => database.then((opened) => opened.close()));
  };
  const order = { kind: 'load' as const, config };
  try {
    const [url] = await Promise.all(Array.from({ length: processes }, () => crew.keep({ ...order, does: 'requests' })));
    const { running } = await database;
    if (config.RUN_WORKER) crew.keepLater({ ...order, does: 'jobs' });
    const ended = Promise.race([crew.failed, running.exited.then(() => POSTGRES_ENDED)]);
    return { url: url ?? '', demo: (await begin).demo, ended, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

export const POSTGRES_ENDED = 'PostgreSQL ended by itself; see postgres.log in the data folder.';

async function openDatabase(...settings: Parameters<typeof openClusterDatabase>): Promise<ClusterDatabase> {
  return (await import('./cluster-database.js')).openClusterDatabase(...settings);
}

/** Of no room: what is logged here tells of processes. */
async function openLog({ LOG_LEVEL, production }: Config): Promise<Logger> {
  return (await import('./log-lines.js')).logLines(LOG_LEVEL, !production, new Set());
}
