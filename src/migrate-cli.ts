import { readConfig } from './config.js';
import { projectRoot } from './root.js';
import { openTheDatabase } from './prepare.js';
import { failed, onSignal, say } from './terminal.js';

onSignal(() => process.exit(130));
try {
  const root = projectRoot();
  const running = await openTheDatabase(root, readConfig(root), say);
  await running.stop();
  say('The database is up to date.');
} catch (error) {
  failed(error);
}
