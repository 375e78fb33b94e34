import type { FastifyInstance } from 'fastify';

export interface HealthSettings {
  checkReady: () => Promise<void>;
  /** Whether the server is about to stop. */
  isClosing: () => boolean;
}

/** Who asks has an answer within two seconds, whatever the database does. */
const ANSWER_MS = 1_500;

/** `/livez`: the process runs. `/readyz`: it can answer requests (200), or cannot now (503). */
export async function healthRoutes(server: FastifyInstance, { checkReady, isClosing }: HealthSettings): Promise<void> {
  const isReady = oneAtATime(() => inTime(checkReady()));
  server.get('/livez', () => ({ status: 'live' }));
  server.get('/readyz', async (_, reply) => {
    if (isClosing()) return reply.code(503).send({ status: 'stopping' });
    if (await isReady()) return { status: 'ready' };
    return reply.code(503).header('retry-after', '2').send({ status: 'the database does not answer' });
  });
}

/** However many ask, the database is asked once. */
function oneAtATime(ask: () => Promise<boolean>): () => Promise<boolean> {
  let asking: Promise<boolean> | undefined;
  return () => (asking ??= ask().finally(() => (asking = undefined)));
}

async function inTime(check: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ANSWER_MS)));
  const ready = check.then(
    () => true,
    () => false,
  );
  return Promise.race([ready, late]).finally(() => clearTimeout(timer));
}
