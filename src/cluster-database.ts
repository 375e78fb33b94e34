import { stat } from 'node:fs/promises';
import type { Begin } from './cluster-messages.js';
import type { Config } from './config.js';
import type { RunningDatabase } from './db/setup/bring-up.js';
import { fitPools } from './db/setup/fit-pools.js';
import { prepare } from './prepare.js';
import { showClusterMetrics } from './seeing.js';

type Say = (line: string) => void;

/** What the first process of a cluster has, and what it tells the others of it. */
export interface ClusterDatabase {
  running: RunningDatabase;
  begin: Begin;
  close(): Promise<void>;
}

/** The database, made ready for several processes. @param processes that will serve. */
export async function openClusterDatabase(root: string, config: Config, processes: number, say: Say): Promise<ClusterDatabase> {
  const { running, demo } = await prepare(root, config, say);
  const open: { close(): Promise<void> }[] = [{ close: () => running.stop() }];
  const close = async (): Promise<void> => void (await Promise.all(open.map((each) => each.close())));
  try {
    const metrics = await showClusterMetrics(config, say);
    if (metrics) open.push(metrics);
    await replayWhatIsWritten(root, config, running, say);
    const wanted = { processes, poolSize: config.DATABASE_POOL_SIZE, hasJobs: config.RUN_WORKER };
    const poolSize = await fitPools(running.urls.owner, wanted);
    if (poolSize < wanted.poolSize)
      say(`Each process has ${poolSize} connections for reading instead of ${wanted.poolSize}: PostgreSQL has no more.`);
    return { running, begin: { kind: 'begin', urls: running.urls, poolSize, demo }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Replaying loads most of Pulse, which this process does without where nobody was erased. */
async function replayWhatIsWritten(root: string, config: Config, running: RunningDatabase, say: Say): Promise<void> {
  const size = await stat(config.ERASURE_LEDGER).then(
    (ledger) => ledger.size,
    (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? 0 : null),
  );
  if (size === 0) return;
  const { makeLog } = await import('./log.js');
  const { replayOn } = await import('./replay.js');
  await replayOn(root, config, running, makeLog(config.LOG_LEVEL, !config.production, root), say);
}
