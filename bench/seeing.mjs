// What log, metrics and traces cost a small query: `npm run bench:seeing`. One process serves all ways, asked in turn at 8 connections, so
// that all have the same machine; what is told is the server's processor time a request (docs/decisions/0042-seen-from-outside.md).
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import path from 'node:path';
import { runNode } from './lib/run-node.mjs';
import { table } from './lib/table.mjs';
import { signIn } from './lib/tokens.mjs';
import { SECRET, bench, product } from './settings.mjs';

const ROUNDS = 12;
const REQUESTS = 800;
const AT_ONCE = 8;
const QUERY = 'query Small { deals(first: 10) { nodes { id title contact { id firstName } } } }';

const dataDir = path.join(bench, '.data-seeing');
await runNode(process.execPath, ['scripts/build.mjs', '--if-stale'], {}, product);
mkdirSync(dataDir, { recursive: true });
const { bringUpDatabase } = await import('../dist/src/db/setup/bring-up.js');
const { ensureDemo } = await import('../dist/prisma/seed/start.js');
const { passwords } = await import('../dist/src/domain/auth/passwords.js');
const ownerUrl = process.env.BENCH_DATABASE_URL;
const database = await bringUpDatabase({ root: product, ownerUrl, dataDir, secret: SECRET, say: console.log });
const collector = createServer((asked, answer) => asked.resume().on('end', () => answer.end('{}'))).listen(0, '127.0.0.1');
await once(collector, 'listening');
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
try {
  const hash = () => passwords({ pepper: SECRET, cost: 4, leastLength: 12 }).hash('pulse-demo-password');
  await ensureDemo(database.urls.owner, hash, console.log);
  await measure();
} finally {
  agent.destroy();
  collector.close();
  await database.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function measure() {
  const { urls } = database;
  const to = `http://127.0.0.1:${collector.address().port}`;
  const child = fork(path.join(bench, 'lib/seeing-server.mjs'), [urls.app, urls.signin, to]);
  const [ports] = await once(child, 'message');
  const token = await signIn(`http://127.0.0.1:${ports.nothing}/graphql`, { email: 'owner@acme.example' });
  const costs = Object.fromEntries(Object.keys(ports).map((way) => [way, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    const order = Object.keys(ports).sort(() => Math.random() - 0.5);
    for (const way of order) {
      const before = await cpuOf(child);
      await askMany(ports[way], token);
      // The first round warms up.
      if (round > 0) costs[way].push(((await cpuOf(child)) - before) / 1_000 / REQUESTS);
    }
  }
  child.disconnect();
  const rows = Object.entries(costs).map(([way, each]) => {
    const more = median(each.map((cost, round) => (cost / costs.nothing[round] - 1) * 100));
    return [way, median(each).toFixed(3), `${more.toFixed(1)} %`];
  });
  console.log(`\n${table([['Seen by', 'CPU ms a request (median)', 'more, in the same round (median)'], ...rows])}`);
}

async function cpuOf(child) {
  child.send('cpu');
  const [microseconds] = await once(child, 'message');
  return microseconds;
}

async function askMany(port, token) {
  let left = REQUESTS;
  const line = async () => {
    while (left-- > 0) await ask(port, token);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
}

function ask(port, token) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path: '/graphql', method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += chunk));
      answer.on('end', () => (text.startsWith('{"data":{"deals"') ? resolve() : reject(new Error(text))));
    });
    sent.on('error', reject).end(JSON.stringify({ query: QUERY }));
  });
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
