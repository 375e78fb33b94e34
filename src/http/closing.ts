import type { FastifyInstance } from 'fastify';
import type { Answers } from './answers.js';

/** How a server says that it is about to stop. */
export interface Closing {
  isClosing: () => boolean;
  /** From now on it is not ready, and asks each client to come back on another connection; it goes on answering. */
  begin: () => void;
}

/** For clients to take what has been answered, and for what still runs, from when the door is shut. */
const TAKE_MS = 1_000;
const CUT_MS = 5_000;

/**
 * Closing waits for connections: for kept-alive ones whose request was still running until their client lets go, and for those
 * whose client reads nothing. So the first are told to close, and the others are cut.
 */
export function closingOf(server: FastifyInstance, answers: Answers): Closing {
  let closing = false;
  const timers: NodeJS.Timeout[] = [];
  server.addHook('preClose', async () => {
    closing = true;
    timers.push(
      setTimeout(() => answers.cut(), TAKE_MS),
      setTimeout(() => server.server.closeAllConnections(), CUT_MS),
    );
  });
  server.addHook('onClose', async () => timers.forEach((timer) => clearTimeout(timer)));
  server.addHook('onSend', (_, reply, payload, done) => {
    if (closing) void reply.header('connection', 'close');
    done(null, payload);
  });
  return { isClosing: () => closing, begin: () => void (closing = true) };
}
