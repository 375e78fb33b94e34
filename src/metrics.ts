import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PoolState } from './db/index.js';
import type { Onlooker } from './graphql/outcome.js';

/** What is counted of one app, in a registry of its own. */
export interface Metrics {
  readonly registry: Registry;
  /** Counts an operation. */
  operation: Onlooker;
  /** Counts a request that was refused because there is too much to do. */
  shed: () => void;
  /** Counts an attempt at a job. */
  jobTook: (task: string, outcome: 'done' | 'failed', seconds: number) => void;
  /** Counts a job that is not tried again. */
  jobLost: (task: string) => void;
  /** Shows pools whenever they are asked for. */
  watchPools: (pools: () => readonly PoolState[]) => void;
}

const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];
const POINTS = [1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
const SMALL_NUMBERS = [0, 1, 2, 3, 5, 8, 13, 21, 50];
const KEYS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];
const JOB_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120];

/** Names and label values are all ours or the operator's: what strangers send makes no new one. */
export function openMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const pools: (() => readonly PoolState[])[] = [];
  poolMetrics(registry, () => pools.flatMap((each) => each()));
  const shed = counter(registry, 'pulse_shed_requests_total', 'Requests refused because the server had too much to do.', []);
  return {
    registry,
    operation: operationMetrics(registry),
    shed: () => shed.inc(),
    ...jobMetrics(registry),
    watchPools: (more) => void pools.push(more),
  };
}

function operationMetrics(registry: Registry): Onlooker {
  const count = counter(registry, 'pulse_operations_total', 'Operations by type, trusted name and first error code.', [
    'type',
    'name',
    'code',
  ]);
  const seconds = histogram(
    registry,
    'pulse_operation_seconds',
    'From the arrival of a request until its answer is made.',
    SECONDS,
    ['type', 'name'],
  );
  const points = histogram(registry, 'pulse_operation_cost_points', 'What operations may cost at most, and did cost.', POINTS, [
    'kind',
  ]);
  const statements = histogram(registry, 'pulse_operation_statements', 'SQL statements of an operation.', SMALL_NUMBERS, [
    'type',
  ]);
  const batches = histogram(registry, 'pulse_loader_batch_keys', 'Keys that a statement of a loader was asked for.', KEYS, []);
  return ({ type: known, knownAs: name, codes, milliseconds, watch }) => {
    const type = known ?? 'none';
    count.inc({ type, name, code: codes[0] ?? 'OK' });
    seconds.observe({ type, name }, milliseconds / 1_000);
    if (watch.cost) {
      points.observe({ kind: 'requested' }, watch.cost.requested);
      points.observe({ kind: 'actual' }, watch.cost.actual);
    }
    statements.observe({ type }, watch.statements);
    for (const size of watch.batches) batches.observe(size);
  };
}

function jobMetrics(registry: Registry): Pick<Metrics, 'jobTook' | 'jobLost'> {
  const count = counter(registry, 'pulse_jobs_total', 'Attempts at jobs, by outcome.', ['task', 'outcome']);
  const seconds = histogram(registry, 'pulse_job_seconds', 'How long attempts at jobs took.', JOB_SECONDS, ['task']);
  const lost = counter(registry, 'pulse_jobs_lost_total', 'Jobs that failed for the last time.', ['task']);
  return {
    jobTook: (task, outcome, took) => {
      count.inc({ task, outcome });
      seconds.observe({ task }, took);
    },
    jobLost: (task) => lost.inc({ task }),
  };
}

function poolMetrics(registry: Registry, pools: () => PoolState[]): void {
  const connections = gauge(registry, 'pulse_pool_connections', 'Connections to PostgreSQL.', ['pool', 'state'], () => {
    for (const { name, size, idle } of pools()) {
      connections.set({ pool: name, state: 'busy' }, size - idle);
      connections.set({ pool: name, state: 'idle' }, idle);
    }
  });
  const waiting = gauge(registry, 'pulse_pool_waiting', 'Who waits for a connection.', ['pool'], () => {
    for (const pool of pools()) waiting.set({ pool: pool.name }, pool.waiting);
  });
}

function counter<Label extends string>(registry: Registry, name: string, help: string, labelNames: Label[]): Counter<Label> {
  return new Counter({ name, help, labelNames, registers: [registry] });
}

function histogram<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  buckets: number[],
  labelNames: Label[],
): Histogram<Label> {
  return new Histogram({ name, help, buckets, labelNames, registers: [registry] });
}

function gauge<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: Label[],
  collect: () => void,
): Gauge<Label> {
  return new Gauge({ name, help, labelNames, registers: [registry], collect });
}

/** Where metrics are read: a server of its own, so that what the world can reach shows nothing of it. */
export interface MetricsServer {
  port: number;
  close(): Promise<void>;
}

/** What is read there. */
export interface Exposition {
  metrics(): Promise<string>;
  contentType: string;
}

/** Answers the first process of a cluster when it asks for this one's metrics. */
export function tellInCluster({ registry }: Metrics): void {
  AggregatorRegistry.setRegistries(registry);
  // Making one is what listens.
  new AggregatorRegistry();
}

/** The metrics of all processes of a cluster, added up. */
export function clusterMetrics(): Exposition {
  const all = new AggregatorRegistry();
  return { metrics: () => all.clusterMetrics(), contentType: all.contentType };
}

/** @throws Error a sentence when it cannot listen there. */
export async function serveMetrics(registry: Exposition, host: string, port: number): Promise<MetricsServer> {
  const server: Server = createServer((request, response) => {
    const isWanted = request.method === 'GET' && request.url === '/metrics';
    if (!isWanted) return void response.writeHead(404).end();
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.listen(port, host);
  await once(server, 'listening').catch((error: Error) => {
    throw new Error(`Metrics cannot be shown on ${host}:${port} (METRICS_HOST, METRICS_PORT): ${error.message}.`);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
