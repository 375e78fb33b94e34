// How long exporting and erasing somebody takes of whom much is known: `npm run bench:erase [-- --activities 10000 --rounds 3]` starts Pulse as
// it is shipped, with the demo data, on a PostgreSQL of its own (or BENCH_DATABASE_URL, an empty one). docs/BENCHMARKS.md says what is measured.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBusy } from './lib/busy-person.mjs';
import { withClient } from './lib/database.mjs';
import { cpuOf, cpuOfFamily, parentOf } from './lib/processes.mjs';
import { runNode, kept } from './lib/run-node.mjs';
import { freePort } from './lib/server.mjs';
import { table } from './lib/table.mjs';
import { SECRET, bench, product } from './settings.mjs';

const options = { activities: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '3' } };
const { activities, rounds } = parseArgs({ options }).values;
const PROMISED_MS = 5_000;
const LOGIN = 'mutation { login(input: { email: "admin@acme.example", password: "pulse-demo-password" }) { accessToken } }';
const CREATE =
  'mutation { createContact(input: { firstName: "Busy", lastName: "Person", email: "busy@example.com" }) { contact { id } } }';
const EXPORT = 'mutation ($id: ID!) { exportSubject(contactId: $id) { subjectExport { id state } } }';
const STATE = 'query ($id: ID!) { subjectExport(id: $id) { state jsonPath } }';
const ERASE = 'mutation ($id: ID!) { eraseContact(id: $id, reason: "Asked for") { erasure { counts { table count } } } }';
const VERIFY = 'query ($from: Int) { auditVerify(from: $from) { ok isComplete next firstBad { seq } } }';

const dataDir = path.join(bench, '.data-erase');

await runNode(process.execPath, ['scripts/build.mjs', '--if-stale'], {}, product);
rmSync(dataDir, { recursive: true, force: true });
mkdirSync(dataDir, { recursive: true });
const { bringUpDatabase } = await import('../dist/src/db/setup/bring-up.js');
const ownerUrl = process.env.BENCH_DATABASE_URL;
const database = await bringUpDatabase({ root: product, ownerUrl, dataDir, secret: SECRET, say: console.log });
try {
  const server = await startServer(database.urls.owner);
  try {
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
  const postmaster = await withClient(database.urls.owner, async (client) =>
    parentOf((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid),
  );
  const cpu = () => [cpuOfFamily(postmaster), cpuOf(server.child.pid)];
  const { accessToken } = (await ask(server, LOGIN)).login;
  const client = { ...server, cpu, token: accessToken };
  const rows = [];
  for (let round = 1; round <= Number(rounds); round += 1) rows.push(await measureOne(client, round));
  await verify(client);
  const head = [
    'Somebody',
    'activities',
    'values of facts',
    'exported ms',
    'JSON MB',
    'late ms',
    'erased ms',
    'PostgreSQL CPU ms',
    'server CPU ms',
  ];
  console.log(`\n${table([head, ...rows.map(({ cells }) => cells)])}\n`);
  const slowest = Math.max(...rows.map(({ erasedMs }) => erasedMs));
  console.log(`"late" is the longest delay of the server's event loop while it exported. The chain verifies.`);
  console.log(`Promised: erased in ${PROMISED_MS} ms at most. ${slowest <= PROMISED_MS ? 'Kept' : 'NOT kept'}.`);
}

async function measureOne(client, round) {
  const { id } = (await ask(client, CREATE)).createContact.contact;
  await makeBusy(database.urls.owner, id, Number(activities));
  const exported = await exportOne(client, id);
  const before = client.cpu();
  const began = performance.now();
  const { counts } = (await ask(client, ERASE, { id })).eraseContact.erasure;
  const erasedMs = performance.now() - began;
  const used = client.cpu().map((now, index) => (now - before[index]).toFixed(0));
  const count = (name) => String(counts.find((each) => each.table === name)?.count ?? 0);
  const cells = [`${round}`, count('activities'), count('facts'), ...exported, erasedMs.toFixed(0), ...used];
  return { cells, erasedMs };
}

/** Until the file is there, as a client waits for it; and how long others had to wait for the server meanwhile. */
async function exportOne(client, contactId) {
  client.child.send('reset');
  const began = performance.now();
  const { id } = (await ask(client, EXPORT, { id: contactId })).exportSubject.subjectExport;
  let made;
  while ((made = (await ask(client, STATE, { id })).subjectExport).state !== 'READY') await sleep(50);
  const took = performance.now() - began;
  client.child.send('report');
  const [late] = await once(client.child, 'message');
  const file = await fetch(new URL(made.jsonPath, client.url)).then((answer) => answer.text());
  return [took.toFixed(0), (Buffer.byteLength(file) / 1e6).toFixed(1), late.max.toFixed(0)];
}

async function verify(client) {
  for (let from = 1; from !== null;) {
    const { ok, next, firstBad } = (await ask(client, VERIFY, { from })).auditVerify;
    if (!ok) throw new Error(`The chain does not verify: fact ${firstBad.seq} is wrong.`);
    from = next;
  }
}

async function ask({ url, token }, query, variables = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${errors[0].extensions.code}: ${errors[0].message}`);
  return data;
}

async function startServer(owner) {
  const port = await freePort();
  const env = {
    ...kept(),
    ...{ NODE_ENV: 'production', PORT: String(port), HOST: '127.0.0.1', DATABASE_URL: owner, SECRET_KEY: SECRET },
    ...{
      DEMO_DATA: 'on',
      RUN_WORKER: 'on',
      SMTP_URL: 'smtp://127.0.0.1:9',
      MAIL_FROM: 'bench@example.com',
      APP_URL: 'https://app.example',
      BUDGET_SCALE: '1000',
      // Long enough to tell how long it takes where that is too long.
      ...{ DATABASE_STATEMENT_TIMEOUT_MS: '60000', REQUEST_TIMEOUT_MS: '120000' },
    },
  };
  const execArgv = ['--import', fileURLToPath(new URL('lib/loop-delay.mjs', import.meta.url))];
  const child = fork(path.join(product, 'dist/src/main.js'), { cwd: product, env, execArgv, silent: true });
  const url = `http://127.0.0.1:${port}/graphql`;
  for (let wait = 0; wait < 900 && child.exitCode === null; wait += 1) {
    const answers = await fetch(url, { method: 'POST' }).then(
      (answer) => answer.text(),
      () => false,
    );
    if (answers) return { child, url };
    await sleep(100);
  }
  throw new Error('The server does not answer.');
}
