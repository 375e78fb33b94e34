import { readConfig } from './config.js';
import { makeLog } from './log.js';
import { projectRoot } from './root.js';
import { startWorker } from './start.js';
import { failed, onSignal, say, stopOnce } from './terminal.js';

onSignal(() => process.exit(130));
try {
  const root = projectRoot();
  const config = readConfig(root, undefined, true);
  const worker = await startWorker(root, config, makeLog(config.LOG_LEVEL, !config.production, root), say);
  const stop = stopOnce(() => worker.stop());
  onSignal(stop);
  void worker.exited.then(() => {
    say('PostgreSQL ended by itself; see postgres.log in the data folder. The worker stops.');
    process.exitCode = 1;
    return stop();
  });
  say('The worker does jobs as they come. Ctrl-C stops it; what it has begun is finished first.');
} catch (error) {
  failed(error);
}
