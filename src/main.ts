import cluster from 'node:cluster';
import { projectRoot } from './root.js';
import { failed, onSignal } from './terminal.js';

onSignal(() => process.exit(130));
try {
  const root = projectRoot();
  // Each kind of process loads its own: loading is most of a start.
  if (cluster.isWorker) (await import('./cluster-child.js')).beChild(root);
  else await (await import('./first-process.js')).beFirst(root);
} catch (error) {
  failed(error);
}
