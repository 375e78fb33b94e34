import type { Deed } from './cluster-child.js';
import { startJobs } from './start-jobs.js';
import { say } from './terminal.js';

/** The one process of a cluster that does jobs. */
export const begin: Deed = async (root, config, seeing, order) => ({
  ...(await startJobs(root, config, order, seeing, say)),
  url: null,
});
