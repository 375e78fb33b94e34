import cluster from 'node:cluster';
import { beChild } from './cluster-child.js';
import { POSTGRES_ENDED, servingProcesses, startCluster, type RunningCluster } from './cluster.js';
import { readConfig } from './config.js';
import { DEMO_LOGINS, DEMO_PASSWORD } from './demo.js';
import { listen } from './listen.js';
import { makeLog } from './log.js';
import { projectRoot } from './root.js';
import { start } from './start.js';
import { failed, onSignal, say, stopOnce } from './terminal.js';

onSignal(() => process.exit(130));
try {
  const root = projectRoot();
  const config = readConfig(root);
  const log = makeLog(config.LOG_LEVEL, !config.production, root);
  if (cluster.isWorker) beChild(root, config, log);
  else run(await (servingProcesses(config) > 1 ? startCluster : startOne)(root, config, log, say));
} catch (error) {
  failed(error);
}

/** All in this process. */
async function startOne(...[root, config, log, say]: Parameters<typeof startCluster>): Promise<RunningCluster> {
  const { app, demo, exited, stop } = await start(root, config, log, say);
  const url = await listen(app, config).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, demo, ended: exited.then(() => POSTGRES_ENDED), stop };
}

function run({ url, demo, ended, stop: end }: RunningCluster): void {
  const stop = stopOnce(end);
  onSignal(stop);
  void ended.then((reason) => {
    say(`${reason} Pulse stops.`);
    process.exitCode = 1;
    return stop();
  });
  welcome(url, demo);
}

function welcome(url: string, demo: boolean): void {
  say(
    `\nPulse CRM is ready.\n\n  GraphQL   ${url}/graphql\n  Explorer  ${url}/graphiql\n  Health    ${url}/livez  ${url}/readyz`,
  );
  if (demo) {
    say(`\n  Demo logins, password ${DEMO_PASSWORD}:`);
    for (const { domain, people } of DEMO_LOGINS) say(`    ${people.map((name) => `${name}@${domain}`).join('  ')}`);
  }
  say('\nCtrl-C stops everything; starting again keeps the data.');
}
