import { createGunzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

/** A file as it is kept. */
export interface ExportFile {
  /** Compressed (gzip). */
  packed: Uint8Array;
  /** What it is saved as; plain letters, digits, `-` and `.`. */
  filename: string;
  contentType: string;
  /** What it may load and run, should somebody open it in place. */
  policy: string;
}

export interface ExportSettings {
  openExport: (name: string) => Promise<ExportFile | null>;
}

/** `/exports/<signed name>`: files, for whoever has the link. What leads nowhere is answered like any path that is not there. */
export async function exportRoutes(server: FastifyInstance, { openExport }: ExportSettings): Promise<void> {
  // A parameter of its own would be refused for its length.
  server.get<{ Params: { '*': string } }>('/exports/*', async (request, reply) => {
    void reply.header('cache-control', 'no-store');
    const file = await openExport(request.params['*']);
    if (!file) return reply.callNotFound();
    const { packed, filename, contentType, policy } = file;
    void reply.headers({
      'content-type': contentType,
      'content-disposition': `attachment; filename="${filename}"`,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      vary: 'accept-encoding',
    });
    if (takesGzip(request.headers['accept-encoding'])) return reply.header('content-encoding', 'gzip').send(packed);
    const unpacking = createGunzip();
    unpacking.end(packed);
    return reply.send(unpacking);
  });
}

function takesGzip(accepted: string | string[] | undefined): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(String(accepted ?? ''));
}
