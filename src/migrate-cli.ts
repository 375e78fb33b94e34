import { readConfig } from './config.js';
import { projectRoot } from './root.js';
import { openTheDatabase } from './start.js';
import { failed, say } from './terminal.js';

try {
  const root = projectRoot();
  const running = await openTheDatabase(root, readConfig(root), say);
  await running.stop();
  say('The database is up to date.');
} catch (error) {
  failed(error);
}
