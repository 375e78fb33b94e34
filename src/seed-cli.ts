import { readConfig } from './config.js';
import { projectRoot } from './root.js';
import { demoPasswordHash } from './demo.js';
import { openTheDatabase } from './prepare.js';
import { failed, onSignal, say } from './terminal.js';

onSignal(() => process.exit(130));
try {
  const root = projectRoot();
  const config = readConfig(root);
  const { runSeed } = await import('../prisma/seed.js');
  const running = await openTheDatabase(root, config, say);
  try {
    await runSeed(process.argv.slice(2), { ownerUrl: running.urls.owner, passwordHash: await demoPasswordHash(config), say });
  } finally {
    await running.stop();
  }
} catch (error) {
  failed(error);
}
