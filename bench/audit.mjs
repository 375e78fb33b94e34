// What the audit's chain costs, and how verifying it behaves. `npm run bench:audit [-- --only verifying]` starts Pulse in production mode on a PostgreSQL of its
// own. docs/BENCHMARKS.md says what is measured.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fillChain } from './lib/fill-chain.mjs';
import { withClient } from './lib/database.mjs';
import { kept, runNode } from './lib/run-node.mjs';
import { freePort } from './lib/server.mjs';
import { table } from './lib/table.mjs';
import { signIn } from './lib/tokens.mjs';
import { write } from './lib/writers.mjs';
import { SECRET, bench, product } from './settings.mjs';

const TENANTS = 20;
const ROUNDS = 7;
const ROUND_MS = 4_000;
const CROWD = 32;
const CROWD_MS = 15_000;
const CHAINS = [60_000, 300_000];
const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;

await runNode(process.execPath, ['scripts/build.mjs', '--if-stale'], {}, product);
const folder = await mkdtemp(path.join(tmpdir(), 'pulse-bench-audit-'));
await chmod(folder, 0o755);
const { bringUpDatabase } = await import('../dist/src/db/setup/bring-up.js');
const database = await bringUpDatabase({ root: product, ownerUrl: undefined, dataDir: folder, secret: SECRET, say: console.log });
const { owner } = database.urls;
try {
  if (only !== 'verifying') await measureWriters();
  console.log(`${table(await verifying())}\n`);
} finally {
  await database.stop();
  await rm(folder, { recursive: true, force: true });
}

async function measureWriters() {
  const seed = ['dist/src/seed-cli.js', '--rows', '300', '--tenants', String(TENANTS)];
  await runNode(process.execPath, seed, { DATABASE_URL: owner, SECRET_KEY: SECRET, NODE_ENV: 'production' }, product);
  const server = await startServer();
  try {
    const members = await signInAll(server.url);
    console.log(`\n${table(await costOfTheChain(server.url, members))}\n`);
    console.log(`${table(await crowdOnOne(server.url, members[0]))}\n`);
  } finally {
    server.child.kill('SIGTERM');
    await once(server.child, 'exit');
  }
}

async function startServer() {
  const port = await freePort();
  const env = {
    ...kept(),
    NODE_ENV: 'production',
    PORT: String(port),
    HOST: '127.0.0.1',
    DATABASE_URL: owner,
    SECRET_KEY: SECRET,
    BUDGET_SCALE: '100000',
    ACCESS_TOKEN_SECONDS: '7200',
    DRAIN_MS: '0',
    LOG_LEVEL: 'warn',
    PULSE_DATA_DIR: folder,
  };
  const child = spawn(process.execPath, [path.join(product, 'dist/src/main.js')], { cwd: product, env, stdio: 'ignore' });
  const base = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${base}/readyz`).catch(() => null))?.ok) await sleep(100);
  return { child, url: `${base}/graphql` };
}

/** A member of each organization with twenty deals of theirs. */
async function signInAll(url) {
  const found = await withClient(owner, async (client) => {
    const { rows } = await client.query(
      `SELECT u.email, array(SELECT d.id FROM public.deals d WHERE d.org_id = o.id AND d.deleted_at IS NULL AND d.status = 'OPEN' ORDER BY d.id LIMIT 20) AS deals
         FROM public.organizations o JOIN public.users u ON u.org_id = o.id
        WHERE o.slug LIKE 'bench-%' AND u.email = 'owner@' || o.slug || '.example' ORDER BY o.slug`,
    );
    return rows;
  });
  const members = [];
  for (const { email, deals } of found) members.push({ token: await signIn(url, { email }), deals });
  return members;
}

/** p95 of updateDeal with the chain's trigger and without it, in turns. */
async function costOfTheChain(url, members) {
  await withClient(owner, (client) =>
    client.query(`ALTER TABLE public.audit_logs ALTER hash SET DEFAULT '', ALTER prev_hash SET DEFAULT ''`),
  );
  await write(url, members, 8, 3_000);
  const rows = [];
  for (const writers of [1, 8]) {
    const rounds = { on: [], off: [] };
    for (let round = 0; round < ROUNDS; round += 1)
      for (const way of round % 2 ? ['on', 'off'] : ['off', 'on']) {
        await setTrigger(way === 'on');
        await write(url, members, writers, 500);
        rounds[way].push(await write(url, members, writers, ROUND_MS));
      }
    const [on, off] = [rounds.on, rounds.off].map((list) => ({
      p50: median(list, 'p50'),
      p95: median(list, 'p95'),
      rate: median(list, 'rate'),
    }));
    const ratios = rounds.on.map(({ p95 }, index) => ({ p95: p95 / rounds.off[index].p95 }));
    rows.push([
      String(writers),
      ...[off.p50, on.p50, off.p95, on.p95].map((ms) => ms.toFixed(2)),
      `${((median(ratios, 'p95') - 1) * 100).toFixed(1)} %`,
      `${off.rate.toFixed(0)} / ${on.rate.toFixed(0)}`,
    ]);
  }
  await setTrigger(true);
  return [
    ['writers', 'p50 ms without', 'with', 'p95 ms without', 'with', 'more p95 (median of rounds)', 'changes/s without / with'],
    ...rows,
  ];
}

function setTrigger(isOn) {
  return withClient(owner, (client) =>
    client.query(`ALTER TABLE public.audit_logs ${isOn ? 'ENABLE' : 'DISABLE'} TRIGGER audit_chain`),
  );
}

async function crowdOnOne(url, member) {
  const { count, failures, p50, p95, rate } = await write(url, [member], CROWD, CROWD_MS);
  return [
    ['writers on one organization', 'changes', 'failed', 'changes/s', 'p50 ms', 'p95 ms', 'promised'],
    [
      String(CROWD),
      String(count),
      [...failures].map(([code, times]) => `${times} × ${code}`).join(', ') || 'none',
      rate.toFixed(0),
      p50.toFixed(1),
      p95.toFixed(1),
      '300 changes/s, none failed',
    ],
  ];
}

/** Time and memory of verifying a chain and one five times as long, each in a process of its own. */
async function verifying() {
  const rows = [];
  for (const facts of CHAINS) {
    const orgId = await fillChain(owner, facts);
    const child = spawn(process.execPath, ['--expose-gc', path.join(bench, 'lib/verify-chain.mjs'), owner, orgId], {
      env: kept(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (part) => (said += part));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`Verifying ended with code ${code}.`);
    const { checked, ms, heapBefore, heapAfter, residentMost } = JSON.parse(said);
    rows.push([
      checked.toLocaleString('en'),
      Math.round((checked / ms) * 1_000).toLocaleString('en'),
      heapBefore.toFixed(1),
      heapAfter.toFixed(1),
      residentMost.toFixed(0),
    ]);
  }
  return [['facts verified', 'facts a second', 'heap MB at 10,000 facts', 'heap MB at the end', 'most resident MB'], ...rows];
}

function median(list, name) {
  const values = list.map((each) => each[name]).sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)];
}
