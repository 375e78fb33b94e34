// How long Pulse takes from the start of its process to the first 200 of /readyz, as it is shipped, on a migrated database with demo data:
// `npm run bench:start`. docs/BENCHMARKS.md says what is measured.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { machine } from './lib/machine.mjs';
import { kept, runNode } from './lib/run-node.mjs';
import { freePort } from './lib/server.mjs';
import { table } from './lib/table.mjs';
import { SECRET, bench, product } from './settings.mjs';

const STARTS = 10;
const ASK_EVERY_MS = 5;
const GIVE_UP_MS = 60_000;
const PROCESSES = [1, 2];

const dataDir = path.join(bench, '.data-start');
await runNode(process.execPath, ['scripts/build.mjs', '--if-stale'], {}, product);
rmSync(dataDir, { recursive: true, force: true });
mkdirSync(dataDir, { recursive: true });
try {
  const { date, processor, loadBefore } = machine();
  console.log(`${date}, Node ${process.version}, ${processor}, load ${loadBefore}`);
  const rows = [...(await measure('embedded', {})), ...(await measureElsewhere())];
  console.log(`\n${table([['PostgreSQL', 'WEB_CONCURRENCY', 'median ms', 'fastest – slowest ms'], ...rows])}`);
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}

/** On a PostgreSQL that runs already: the same data folder's, started here, for Pulse somebody else's. */
async function measureElsewhere() {
  const { bringUpDatabase } = await import('../dist/src/db/setup/bring-up.js');
  const database = await bringUpDatabase({ root: product, ownerUrl: undefined, dataDir, secret: SECRET, say: console.log });
  try {
    return await measure("somebody else's", { DATABASE_URL: database.urls.owner });
  } finally {
    await database.stop();
  }
}

async function measure(name, settings) {
  const rows = [];
  for (const processes of PROCESSES) {
    const wanted = { ...settings, WEB_CONCURRENCY: String(processes) };
    // The first one migrates, seeds and fills the caches of the system.
    await startOnce(wanted);
    const times = [];
    for (let n = 0; n < STARTS; n += 1) times.push(await startOnce(wanted));
    times.sort((a, b) => a - b);
    const median = (times[STARTS / 2 - 1] + times[STARTS / 2]) / 2;
    rows.push([name, String(processes), median.toFixed(0), `${times[0].toFixed(0)} – ${times.at(-1).toFixed(0)}`]);
    console.log(rows.at(-1).join('  '));
  }
  return rows;
}

/** @returns milliseconds from spawning to ready. */
async function startOnce(settings) {
  const port = await freePort();
  const env = { ...kept(), ...production(), PORT: String(port), HOST: '127.0.0.1', PULSE_DATA_DIR: dataDir, ...settings };
  const started = performance.now();
  const child = spawn(process.execPath, ['dist/src/main.js'], { cwd: product, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let shown = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (shown += chunk));
  try {
    while (!(await isReady(port))) {
      if (child.exitCode !== null) throw new Error(`Pulse ended early:\n${shown}`);
      if (performance.now() - started > GIVE_UP_MS) throw new Error(`Pulse was not ready within a minute:\n${shown}`);
      await sleep(ASK_EVERY_MS);
    }
    return performance.now() - started;
  } finally {
    if (child.exitCode === null) child.kill('SIGTERM');
    await exited;
  }
}

async function isReady(port) {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false; // nobody listens yet
  }
}

/** What production asks for; nothing is sent, and stopping does not wait for load balancers. */
function production() {
  return {
    NODE_ENV: 'production',
    SECRET_KEY: SECRET,
    DEMO_DATA: 'on',
    DRAIN_MS: '0',
    SMTP_URL: 'smtp://127.0.0.1:2525',
    MAIL_FROM: 'crm@example.com',
    APP_URL: 'https://app.example',
  };
}
