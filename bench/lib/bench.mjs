import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { contenders } from '../contenders/index.mjs';
import { CONNECTIONS, ROUNDS, SECONDS, WARM_UP_SECONDS, bench } from '../settings.mjs';
import { checkAgreement, makeRequests } from './ask.mjs';
import { countStatements } from './count-statements.mjs';
import { bringUpDatabase } from './database.mjs';
import { machine } from './machine.mjs';
import { measure, startLoad } from './measure.mjs';
import { report } from './report.mjs';
import { startServer } from './server.mjs';
import { summarise } from './summary.mjs';

/**
 * The whole run: database, servers, agreement, rounds, report.
 *
 * @param {{ node: string, quick: boolean }} options
 */
export async function runBench({ node, quick }) {
  mkdirSync(path.join(bench, 'results'), { recursive: true });
  const open = [];
  const closeAll = async () => {
    while (open.length > 0) await open.pop()();
  };
  process.once('SIGINT', () => void closeAll().then(() => process.exit(130)));
  try {
    const database = await bringUpDatabase(console.log);
    open.push(() => database.stop());
    const servers = await startAll(node, database, open);
    const load = startLoad(node);
    open.push(() => load.stop());
    const about = {
      ...machine(),
      node: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(),
      postgres: database.version,
    };
    const plan = quick ? QUICK : FULL;
    const measured = await rounds(load, servers, database, plan);
    const counted = await countAll(servers, node, database);
    report({ ...about, plan, rows: database.counts }, summarise(servers, measured, counted), { keep: !quick });
  } finally {
    await closeAll();
  }
}

const FULL = { rounds: ROUNDS, seconds: SECONDS, warmUp: WARM_UP_SECONDS };
const QUICK = { rounds: 1, seconds: 1, warmUp: 1 };

/** All run at once, so that rounds can alternate; those that are not asked use nothing but memory. */
async function startAll(node, { urls, members }, open) {
  const servers = [];
  for (const contender of contenders) {
    console.log(`Starting ${contender.name} …`);
    const server = await startServer(contender, node, urls);
    open.push(server.stop);
    servers.push({ ...server, requests: await makeRequests(server, members) });
  }
  await checkAgreement(servers, members);
  console.log(`All ${servers.length} answer the same to each of ${members.length} organizations.`);
  return servers;
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
  console.log(`round ${round + 1}  ${String(connections).padStart(2)} connections  ${name.padEnd(22)} ${figures}`);
}

async function countAll(servers, node, { urls }) {
  const counted = {};
  for (const server of servers) counted[server.contender.name] = await countStatements(server, node, urls);
  return counted;
}
