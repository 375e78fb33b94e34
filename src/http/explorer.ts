import { existsSync } from 'node:fs';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** What the explorer is told about the server (explorer/settings.ts reads it). */
export interface ExplorerSettings {
  /** The folder of the bundle. */
  folder: string;
  /** Whether a visitor may read the schema. */
  openSchema: boolean;
  /** Logins that are no secret: those of the demo data, where it was seeded. */
  demo: { password: string; organizations: { domain: string; people: readonly string[] }[] } | null;
}

/** Everything from this origin, nothing from anywhere else; Monaco writes its styles into the page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `/graphiql/`: the explorer, as it was bundled by `npm run build`. Without a bundle (tests, development) it says what to do. */
export async function explorerRoutes(server: FastifyInstance, { folder, openSchema, demo }: ExplorerSettings): Promise<void> {
  server.addHook('onSend', async (_, reply) => {
    void reply.headers({
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });
  server.get('/graphiql', (_, reply) => reply.redirect('/graphiql/'));
  server.get('/graphiql/settings.json', () => ({ openSchema, demo }));
  if (!existsSync(path.join(folder, 'index.html'))) {
    server.get('/graphiql/', (_, reply) =>
      reply.code(404).type('text/plain').send('The explorer has not been built. Run: npm run build'),
    );
    return;
  }
  await server.register(fastifyStatic, {
    root: folder,
    prefix: '/graphiql/',
    preCompressed: true,
    cacheControl: false,
    // Names carry a hash of the content; index.html does not.
    setHeaders: (reply, file) =>
      void reply.setHeader('cache-control', /\/assets\//.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache'),
  });
}
