import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** Answers that were given and not yet taken. */
export interface Answers {
  /** Cuts the connections of all of them. */
  cut(): void;
}

const LOOK_MS = 500;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its answers are sent piece by piece: the time is for each of them. */
    isLong?: boolean;
  }
}

/** Cuts the connection of a client that does not take its answer in time: it waits in memory until then. */
export function watchAnswers(server: FastifyInstance, timeoutMs: number): Answers {
  const until = new Map<ServerResponse, number>();
  server.addHook('onSend', ({ routeOptions }, { raw }, payload, done) => {
    const allowTime = (): void => void until.set(raw, performance.now() + timeoutMs);
    allowTime();
    // A piece was taken in full.
    if (routeOptions.config.isLong) raw.on('drain', allowTime);
    raw.once('close', () => until.delete(raw));
    done(null, payload);
  });
  const cutThose = (isLate: (until: number) => boolean): void => {
    for (const [answer, limit] of until) if (isLate(limit)) answer.destroy();
  };
  const look = setInterval(() => cutThose((limit) => limit < performance.now()), LOOK_MS).unref();
  server.addHook('onClose', async () => clearInterval(look));
  return { cut: () => cutThose(() => true) };
}

/** Calls when a client has gone before its answer was whole, also when that was earlier. */
export function whenGone(answer: ServerResponse): (listener: () => void) => void {
  const isGone = (): boolean => !answer.writableFinished;
  return (listener) => {
    if (answer.destroyed && isGone()) listener();
    else answer.once('close', () => isGone() && listener());
  };
}
