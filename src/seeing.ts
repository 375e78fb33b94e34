import type { Logger } from 'pino';
import type { Config } from './config.js';
import type { Metrics } from './metrics.js';
import type { Traces } from './traces.js';

/** How a process is seen from outside. */
export interface Seeing {
  log: Logger;
  metrics: Metrics | null;
  traces: Traces | null;
  close(): Promise<void>;
}

/** What is not asked for is not even loaded. @throws Error a sentence when metrics cannot be shown where they should be. */
export async function openSeeing(config: Config, log: Logger, say: (line: string) => void): Promise<Seeing> {
  const { METRICS_PORT: port, METRICS_HOST: host, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: name } = config;
  const shown = port === undefined ? null : await showMetrics(host, port, say);
  const traces = endpoint ? (await import('./traces.js')).openTraces(endpoint, name) : null;
  const close = async (): Promise<void> => void (await Promise.all([shown?.close(), traces?.close()]));
  return { log, metrics: shown?.metrics ?? null, traces, close };
}

/** The same in a process that was forked: its metrics are shown by the first one. */
export async function seeingInCluster(config: Config, log: Logger): Promise<Seeing> {
  const seeing = await openSeeing({ ...config, METRICS_PORT: undefined }, log, () => undefined);
  if (config.METRICS_PORT === undefined) return seeing;
  const { openMetrics, tellInCluster } = await import('./metrics.js');
  const metrics = openMetrics();
  tellInCluster(metrics);
  return { ...seeing, metrics };
}

/** Metrics of all processes that this one has forked, added up; null where nobody asked for metrics. */
export async function showClusterMetrics(
  { METRICS_PORT: port, METRICS_HOST: host }: Config,
  say: (line: string) => void,
): Promise<{ close(): Promise<void> } | null> {
  if (port === undefined) return null;
  const { clusterMetrics, serveMetrics } = await import('./metrics.js');
  const server = await serveMetrics(clusterMetrics(), host, port);
  say(`Metrics are at http://${host}:${server.port}/metrics`);
  return server;
}

async function showMetrics(
  host: string,
  port: number,
  say: (line: string) => void,
): Promise<Pick<Seeing, 'close'> & { metrics: Metrics }> {
  const { openMetrics, serveMetrics } = await import('./metrics.js');
  const metrics = openMetrics();
  const server = await serveMetrics(metrics.registry, host, port);
  say(`Metrics are at http://${host}:${server.port}/metrics`);
  return { metrics, close: () => server.close() };
}
