import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bench } from '../settings.mjs';
import { kept } from './run-node.mjs';

const READY_MS = 60_000;
const STOP_MS = 10_000;

/**
 * Starts a contender in a process of its own and waits until it answers; what it says goes to bench/results/<name>.log.
 *
 * @param {import('../contenders/index.mjs').Contender} contender
 * @returns the server's process id, its URL, and how to stop it.
 */
export async function startServer(contender, node, urls) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/graphql`;
  const env = {
    ...kept(),
    NODE_ENV: 'production',
    GRAPHILE_ENV: 'production',
    PORT: String(port),
    ...contender.environment(urls),
  };
  const child = spawn(node, [contender.script], { cwd: contender.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(path.join(bench, 'results', `${contender.name}.log`));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const stop = () => end(child, exited);
  try {
    await becomesReady(contender, child, url);
  } catch (error) {
    await stop();
    throw error;
  }
  return { contender, pid: child.pid, url, stop };
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function becomesReady({ name }, child, url) {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    if (await fetch(url, { method: 'POST' }).then(drain, () => false)) return;
    await sleep(100);
  }
  throw new Error(`The server ${name} does not answer; see bench/results/${name}.log.`);
}

async function drain(response) {
  await response.arrayBuffer();
  return true;
}

async function end(child, exited) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(forced);
}
