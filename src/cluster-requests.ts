import { buildApp } from './app.js';
import type { Deed } from './cluster-child.js';
import { listen, stopServing } from './listen.js';
import { appSettings } from './settings.js';

/** One of the processes of a cluster that serve. */
export const begin: Deed = async (root, config, seeing, order) => {
  const app = await buildApp(appSettings(root, config, order, seeing, order.demo));
  try {
    await app.database.warmUp();
    return { url: await listen(app, config), stop: () => stopServing(app, config.DRAIN_MS) };
  } catch (error) {
    await app.close();
    throw error;
  }
};
