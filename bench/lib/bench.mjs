import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { contenders } from '../contenders/index.mjs';
import { CONNECTIONS, FULL, QUICK, SETS, bench, dataDirOf } from '../settings.mjs';
import { MIXED, works } from '../works/index.mjs';
import { checkAgreement, mixedRequests, requestsFor, tokensFor } from './ask.mjs';
import { countStatements, startProxy } from './count-statements.mjs';
import { bringUpDatabase } from './database.mjs';
import { factsOf } from './facts.mjs';
import { machine } from './machine.mjs';
import { measure, startLoad } from './measure.mjs';
import { keep, report } from './report.mjs';
import { startServer } from './server.mjs';
import { summarise } from './summary.mjs';

/**
 * The whole run: database, servers, and for each work agreement and rounds; then the report of all works that were ever measured.
 *
 * @param {{ node: string, size: 'M' | 'L', only: string[], quick: boolean }} options
 */
export async function runBench({ node, size, only, quick }) {
  mkdirSync(path.join(bench, 'results'), { recursive: true });
  const open = [];
  const closeAll = async () => {
    while (open.length > 0) await open.pop()();
  };
  process.once('SIGINT', () => void closeAll().then(() => process.exit(130)));
  try {
    const database = await bringUpDatabase(console.log, SETS[size], dataDirOf(size));
    open.push(() => database.stop());
    const members = await factsOf(database);
    const about = aboutRun(node, database, size, quick ? QUICK : FULL);
    const servers = await startAll(node, database, members, open);
    const load = startLoad(node);
    open.push(() => load.stop());
    for (const work of [...works, MIXED].filter(({ name }) => only.length === 0 || only.includes(name))) {
      const figures = await measureWork({ work, servers, members, load, database, about });
      if (!quick) keep(size, work, { about, figures });
    }
    report(size, { write: !quick });
  } finally {
    await closeAll();
  }
}

function aboutRun(node, database, size, plan) {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  return { ...machine(), size, node: version, postgres: database.version, plan, rows: database.counts };
}

/**
 * All run at once, so that rounds can alternate; those that are not asked use nothing but memory. Each runs once more behind a proxy
 * that counts statements.
 */
async function startAll(node, { urls }, members, open) {
  const proxy = await startProxy(new URL(urls.app));
  open.push(proxy.close);
  const servers = [];
  for (const contender of contenders) {
    console.log(`Starting ${contender.name} …`);
    const server = await startServer(contender, node, urls);
    open.push(server.stop);
    const counted = await startServer(contender, node, proxy.through(urls));
    open.push(counted.stop);
    servers.push({ ...server, counted, tokens: await tokensFor(server, members) });
  }
  return servers.map((server) => ({ ...server, proxy }));
}

async function measureWork({ work, servers, members, load, database, about }) {
  const isMixed = 'shares' in work;
  const asked = servers.map((server) => ({
    ...server,
    requests: isMixed ? mixedRequests(server, work, members) : requestsFor(server, work, members),
  }));
  if (!isMixed) await checkAgreement(work, asked);
  console.log(`\n${work.title}: ${!isMixed && work.agrees ? 'all answer the same' : 'answers are not compared'}.`);
  const measured = await rounds(load, asked, database, about.plan);
  const counts = {};
  for (const server of asked) counts[server.contender.name] = await countStatements(server);
  return summarise(asked, measured, counts);
}

/** Everybody in turn, in each round from another start. */
async function rounds(load, servers, { postmaster }, { rounds: count, seconds, warmUp }) {
  const measured = [];
  for (const server of servers) await measure(load, server, postmaster, { connections: 8, seconds: warmUp });
  for (let round = 0; round < count; round += 1) {
    for (const connections of CONNECTIONS) {
      for (const server of [...servers.slice(round), ...servers.slice(0, round)]) {
        const figures = await measure(load, server, postmaster, { connections, seconds });
        measured.push({ name: server.contender.name, round, ...figures });
        say(server.contender.name, round, figures);
      }
    }
  }
  return measured;
}

function say(name, round, { connections, perSecond, serverMs, postgresMs }) {
  const figures = `${perSecond.toFixed(0).padStart(5)} req/s  ${serverMs.toFixed(2)} + ${postgresMs.toFixed(2)} ms CPU`;
  console.log(`round ${round + 1}  ${String(connections).padStart(2)} connections  ${name.padEnd(14)} ${figures}`);
}
