import { readConfig } from './config.js';
import { makeLog } from './log.js';
import { projectRoot } from './root.js';
import { DEMO_LOGINS, DEMO_PASSWORD, start } from './start.js';
import { failed, onSignal, say, stopOnce } from './terminal.js';

onSignal(() => process.exit(130));
try {
  await main();
} catch (error) {
  failed(error);
}

async function main(): Promise<void> {
  const root = projectRoot();
  const config = readConfig(root);
  const log = makeLog(config.LOG_LEVEL, !config.production, root);
  const running = await start(root, config, log, say);
  const stop = stopOnce(() => running.stop());
  onSignal(stop);
  void running.exited.then(() => {
    say('PostgreSQL ended by itself; see postgres.log in the data folder. Pulse stops.');
    process.exitCode = 1;
    return stop();
  });
  const url = await running.app.http.listen({ port: config.PORT, host: config.HOST }).catch(async (error: unknown) => {
    await running.stop();
    throw listenFailure(error, config.PORT);
  });
  welcome(url.replace('[::1]', 'localhost').replace('127.0.0.1', 'localhost'), running.demo);
}

function listenFailure(error: unknown, port: number): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === 'EADDRINUSE')
    return new Error(`Port ${port} is taken. Stop what uses it, or choose another: PORT=${port + 1} npm start`);
  if (error.code === 'EACCES')
    return new Error(`This user may not listen on port ${port}. Choose one above 1023: PORT=4000 npm start`);
  return error;
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
