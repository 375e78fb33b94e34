import { POSTGRES_ENDED, servingProcesses, startCluster, type RunningCluster } from './cluster.js';
import { readConfig } from './config.js';
import { DEMO_LOGINS, DEMO_PASSWORD } from './demo.js';
import { onSignal, say, stopOnce } from './terminal.js';

/** Pulse as `npm start` starts it: in this process, or in others that this one forks. */
export async function beFirst(root: string): Promise<void> {
  const config = readConfig(root);
  run(await (servingProcesses(config) > 1 ? startCluster : startOne)(root, config, say));
}

/** All in this process. */
async function startOne(...[root, config, say]: Parameters<typeof startCluster>): Promise<RunningCluster> {
  const { prepare } = await import('./prepare.js');
  const preparing = prepare(root, config, say);
  // Whoever waits for it is told of its failure; until then everything else is loaded.
  preparing.catch(() => undefined);
  const { makeLog } = await import('./log.js');
  const { start } = await import('./start.js');
  const { listen } = await import('./listen.js');
  const log = makeLog(config.LOG_LEVEL, !config.production, root);
  const { app, demo, exited, stop } = await start(root, config, log, say, preparing);
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
