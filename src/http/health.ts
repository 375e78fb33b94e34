import type { FastifyInstance } from 'fastify';

export interface HealthSettings {
  checkReady: () => Promise<void>;
}

/** `/livez`: the process runs. `/readyz`: it can answer requests (200), or cannot now (503). */
export async function healthRoutes(server: FastifyInstance, { checkReady }: HealthSettings): Promise<void> {
  server.get('/livez', () => ({ status: 'live' }));
  server.get('/readyz', async (_, reply) => {
    try {
      await checkReady();
      return { status: 'ready' };
    } catch {
      return reply.code(503).header('retry-after', '2').send({ status: 'the database does not answer' });
    }
  });
}
