// How signing in behaves: 200 at once, and whether the time of an answer tells whether there is an account. `npm run bench:logins`
// starts Pulse as it is shipped, with the demo data, on a PostgreSQL of its own. docs/BENCHMARKS.md says what is measured.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { runNode, kept } from './lib/run-node.mjs';
import { freePort } from './lib/server.mjs';
import { table } from './lib/table.mjs';
import { SECRET, bench, product } from './settings.mjs';

const AT_ONCE = 200;
const TRIES = 100;
const PASSWORD = 'pulse-demo-password';
const PEOPLE = ['owner', 'admin', 'manager', 'member', 'viewer'];
const ACTIVE = PEOPLE.map((name) => `${name}@acme.example`);
const INACTIVE = PEOPLE.map((name) => `${name}@globex.example`);

const dataDir = path.join(bench, '.data-logins');
const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { accessToken } }';
let requests = 0;

await runNode(process.execPath, ['scripts/build.mjs', '--if-stale'], {}, product);
rmSync(dataDir, { recursive: true, force: true });
mkdirSync(dataDir, { recursive: true });
const { bringUpDatabase } = await import('../dist/src/db/setup/bring-up.js');
const database = await bringUpDatabase({ root: product, ownerUrl: undefined, dataDir, secret: SECRET, say: console.log });
try {
  const server = await startServer(database.urls.owner);
  try {
    await deactivate(database.urls.owner);
    await measure(server);
  } finally {
    server.child.kill('SIGTERM');
    await once(server.child, 'exit');
  }
} finally {
  await database.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function measure(server) {
  for (let round = 0; round < 5; round += 1) await login(server.url, ACTIVE[round], PASSWORD);
  const crowd = await crowded(server);
  console.log(`\n${AT_ONCE} logins at once\n\n${table(crowd)}\n`);
  await sleep(3_000);
  const timing = await timed(server.url);
  console.log(`${TRIES} interleaved tries of each\n\n${table(timing)}\n`);
}

/** Right passwords of five accounts, each from an address of its own, so that the queue of hashing is what is met. */
async function crowded({ child, url }) {
  child.send('reset');
  const started = performance.now();
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => login(url, ACTIVE[n % ACTIVE.length], PASSWORD)));
  const took = performance.now() - started;
  child.send('report');
  const [delay] = await once(child, 'message');
  const of = (code) => answers.filter((answer) => answer.code === code).length;
  const slowest = Math.max(...answers.filter(({ code }) => code === 'fine').map(({ ms }) => ms));
  const others = AT_ONCE - of('fine') - of('RATE_LIMITED');
  return [
    ['What', 'Figure'],
    ['signed in', String(of('fine'))],
    ['answered RATE_LIMITED', String(of('RATE_LIMITED'))],
    ['answered otherwise', String(others)],
    ['all answered after', `${(took / 1000).toFixed(1)} s`],
    ['slowest sign-in', `${(slowest / 1000).toFixed(1)} s`],
    ['event-loop delay p50', `${delay.p50.toFixed(1)} ms`],
    ['event-loop delay p99', `${delay.p99.toFixed(1)} ms`],
    ['event-loop delay, longest', `${delay.max.toFixed(1)} ms`],
  ];
}

async function timed(url) {
  const kinds = {
    'unknown e-mail': (n) => login(url, `nobody-${n}@example.com`, PASSWORD),
    'wrong password': (n) => login(url, ACTIVE[n % ACTIVE.length], `wrong ${n}`),
    'inactive account': (n) => login(url, INACTIVE[n % INACTIVE.length], PASSWORD),
  };
  const times = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  for (let n = 0; n < TRIES; n += 1) {
    for (const [kind, attempt] of Object.entries(kinds)) {
      const { code, ms } = await attempt(n);
      if (code !== 'INVALID_CREDENTIALS') throw new Error(`${kind} was answered ${code}.`);
      times[kind].push(ms);
    }
  }
  const medians = Object.values(times).map(median);
  const least = Math.min(...medians);
  const rows = Object.keys(kinds).map((kind, index) => [
    kind,
    medians[index].toFixed(1),
    `${((medians[index] / least - 1) * 100).toFixed(1)} %`,
  ]);
  return [['Who', 'median ms', 'above the fastest'], ...rows];
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function login(url, email, password) {
  requests += 1;
  const started = performance.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': `198.18.${requests >> 8}.${requests & 255}` },
    body: JSON.stringify({ query: LOGIN, variables: { input: { email, password } } }),
  });
  const { errors } = await response.json();
  return { code: errors?.[0]?.extensions.code ?? 'fine', ms: performance.now() - started };
}

async function startServer(ownerUrl) {
  const port = await freePort();
  const env = {
    ...kept(),
    NODE_ENV: 'production',
    PORT: String(port),
    HOST: '127.0.0.1',
    DATABASE_URL: ownerUrl,
    SECRET_KEY: SECRET,
    DEMO_DATA: 'on',
    TRUST_PROXY: '1',
  };
  const execArgv = ['--import', fileURLToPath(new URL('lib/loop-delay.mjs', import.meta.url))];
  const child = fork(path.join(product, 'dist/src/main.js'), { cwd: product, env, execArgv, silent: true });
  const url = `http://127.0.0.1:${port}/graphql`;
  for (let wait = 0; wait < 600 && child.exitCode === null; wait += 1) {
    if (
      await fetch(url, { method: 'POST' }).then(
        (answer) => answer.text(),
        () => false,
      )
    )
      return { child, url };
    await sleep(100);
  }
  throw new Error('The server does not answer.');
}

async function deactivate(ownerUrl) {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query('UPDATE public.users SET is_active = false WHERE email = ANY ($1)', [INACTIVE]);
  await client.end();
}
