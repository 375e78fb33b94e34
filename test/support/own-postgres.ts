import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../../src/db/embedded/index.js';
import { isAlive } from '../../src/db/embedded/process-id.js';
import { openCluster, type OpenCluster } from './cluster.js';
import { connect } from './database.js';

/** A PostgreSQL that a test may treat badly. */
export interface OwnPostgres {
  /** What `testCluster()` answers in this file from now on. */
  cluster: OpenCluster;
  /** As an administrator stops it: sessions end, what is committed is kept. */
  stop(): Promise<void>;
  /** As a power cut: every process of it at once. */
  kill(): Promise<void>;
  /** Every process stands still, with its connections open. */
  freeze(): Promise<void>;
  thaw(): void;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server of the file's own, on a port that it keeps. */
export async function openOwnPostgres(): Promise<OwnPostgres> {
  const folder = mkdtempSync(path.join(tmpdir(), 'pulse-faults-'));
  // As root PostgreSQL runs as another user, who has to reach its data.
  chmodSync(folder, 0o755);
  const dataDir = path.join(folder, 'postgres');
  const settings = { fsync: 'off', full_page_writes: 'off' };
  const launch = (): ReturnType<typeof startEmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDir, say: () => undefined, settings });
  let server = await launch();
  let frozen: number[] = [];
  const cluster = await openCluster(async () => ({ adminUrl: server.superuserUrl, stop: async () => undefined }));
  process.env['PULSE_TEST_CLUSTER'] = JSON.stringify(cluster);
  const thaw = (): void => frozen.splice(0).forEach((pid) => send(pid, 'SIGCONT'));
  const stop = async (): Promise<void> => {
    thaw();
    await server.stop();
  };
  return {
    cluster,
    stop,
    kill: async () => {
      const pids = await processIds(server.superuserUrl, dataDir);
      pids.forEach((pid) => send(pid, 'SIGKILL'));
      while (pids.some(isAlive)) await sleep(10);
      await server.stop();
    },
    freeze: async () => {
      frozen = await processIds(server.superuserUrl, dataDir);
      frozen.forEach((pid) => send(pid, 'SIGSTOP'));
    },
    thaw,
    start: async () => {
      server = await launch();
    },
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The server, its helpers and the processes of its sessions. */
async function processIds(superuserUrl: string, dataDir: string): Promise<number[]> {
  const client = await connect(superuserUrl);
  client.on('error', () => undefined);
  const { rows } = await client.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
  await client.end();
  const postmaster = Number(readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
  return [postmaster, ...rows.map(({ pid }) => pid)];
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
