import { openCluster, type OpenCluster } from './cluster.js';

declare global {
  var pulseCluster: OpenCluster | undefined;
}

export default async function globalSetup(): Promise<void> {
  const cluster = await openCluster();
  globalThis.pulseCluster = cluster;
  process.env['PULSE_TEST_CLUSTER'] = JSON.stringify(cluster);
}
