// npm run soak -- [--minutes 10] [--rate 30] [--restart-seconds 120]: mixed traffic, good, bad, slow and gone, on a server and a
// PostgreSQL of its own that is restarted now and then. Shows what the server holds after garbage collection; fails when that has
// grown by more than 20 MB since the end of the warm-up.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '../dist/src/db/embedded/index.js';
import { freePort } from './lib/server.mjs';
import { kept } from './lib/run-node.mjs';
import { traffic } from './lib/soak-traffic.mjs';
import { product, SECRET } from './settings.mjs';

const MOST_GROWTH = 20 * 1024 * 1024;
const WARM_UP_SHARE = 0.2;
const SAMPLE_MS = 15_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '30' },
    'restart-seconds': { type: 'string', default: '120' },
  },
});
const lengthMs = Number(values.minutes) * 60_000;

const folder = await mkdtemp(path.join(tmpdir(), 'pulse-soak-'));
await chmod(folder, 0o755);
const launch = () => startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres'), say: () => undefined });
let postgres = await launch();
const port = await freePort();
const server = spawn(
  process.execPath,
  ['--expose-gc', '--import', path.join(product, 'bench/lib/gc-door.mjs'), path.join(product, 'dist/src/main.js')],
  {
    cwd: product,
    env: {
      ...kept(),
      NODE_ENV: 'production',
      PORT: String(port),
      DATABASE_URL: postgres.superuserUrl,
      SECRET_KEY: SECRET,
      DEMO_DATA: 'on',
      LOG_LEVEL: 'warn',
      RECEIVE_TIMEOUT_MS: '2000',
      SEND_TIMEOUT_MS: '3000',
      PULSE_DATA_DIR: folder,
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  },
);
const exited = new Promise((resolve) => server.once('exit', resolve));
const url = `http://localhost:${port}`;
while (!(await fetch(`${url}/readyz`).catch(() => null))?.ok) await sleep(200);

const { counts, stop } = await traffic(url, Number(values.rate));
const begun = performance.now();
const samples = [];
let restarted = begun;
while (performance.now() - begun < lengthMs) {
  await sleep(SAMPLE_MS);
  samples.push({ at: performance.now() - begun, ...(await memory()) });
  show(samples.at(-1));
  if (performance.now() - restarted < Number(values['restart-seconds']) * 1000) continue;
  restarted = performance.now();
  await postgres.stop();
  await sleep(3_000);
  postgres = await launch();
}
await stop();
await sleep(5_000);
samples.push({ at: performance.now() - begun, ...(await memory()) });
show(samples.at(-1));

const settled = samples.filter(({ at }) => at > lengthMs * WARM_UP_SHARE && at < lengthMs + SAMPLE_MS);
const growth = grown('heapUsed');
const rssGrowth = grown('rss');
console.log(
  JSON.stringify({ minutes: Number(values.minutes), counts, heapGrowthMB: mb(growth), rssGrowthMB: mb(rssGrowth) }, null, 2),
);
server.kill('SIGTERM');
console.log(`The server ended with ${await exited}.`);
await postgres.stop();
await rm(folder, { recursive: true, force: true });
process.exit(growth > MOST_GROWTH || rssGrowth > MOST_GROWTH ? 1 : 0);

function memory() {
  return new Promise((resolve) => {
    server.once('message', resolve);
    server.send('memory');
  });
}

/** From the first quarter after the warm-up to the last one under load, by their medians: single samples of `rss` differ by 20 MB. */
function grown(what) {
  const quarter = Math.max(1, Math.floor(settled.length / 4));
  return median(settled.slice(-quarter)) - median(settled.slice(0, quarter));
  function median(some) {
    return some.map((sample) => sample[what]).sort((a, b) => a - b)[Math.floor(some.length / 2)];
  }
}

function show({ at, rss, heapUsed, external }) {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  console.log(
    `${String(Math.round(at / 1000)).padStart(4)} s  rss ${mb(rss)} MB  heap ${mb(heapUsed)} MB  external ${mb(external)} MB  ${total} requests`,
  );
}

function mb(bytes) {
  return Math.round(bytes / 104_857.6) / 10;
}
