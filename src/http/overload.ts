import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { failure } from './failures.js';

/** When a server has so much to do that one more request would only make all of them late. */
export interface OverloadLimits {
  /** How late its event loop may be on average, in milliseconds; 0: as late as it likes. */
  eventLoopDelayMs: number;
  /** Is told of each request that is refused. */
  onShed?: (() => void) | undefined;
}

const LOOK_MS = 1_000;
const RETRY_AFTER_SECONDS = 2;
/** Of what Node may use; above it, it collects garbage most of the time, and then dies. */
const HEAP_SHARE = 0.9;

/** Refuses the requests of a scope, and only these, while the server is overloaded: health is still told. */
export async function shedLoad(scope: FastifyInstance, { eventLoopDelayMs, onShed }: OverloadLimits): Promise<void> {
  await scope.register(underPressure, {
    maxEventLoopDelay: eventLoopDelayMs,
    maxHeapUsedBytes: getHeapStatistics().heap_size_limit * HEAP_SHARE,
    sampleInterval: LOOK_MS,
    pressureHandler: (request, reply) => {
      onShed?.();
      const details = { retryAfterSeconds: RETRY_AFTER_SECONDS };
      const body = failure('The server has too much to do just now. Try again in a moment.', 'UNAVAILABLE', request.id, details);
      void reply.code(503).header('retry-after', RETRY_AFTER_SECONDS).send(body);
    },
  });
}
