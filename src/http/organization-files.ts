import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';

/** A file that is sent piece by piece, as its client takes them. */
export interface SentFile {
  filename: string;
  size: number;
  bytes: AsyncIterable<Uint8Array>;
}

export interface OrganizationFileSettings {
  /** The file behind a signed name; null when there is none, for whatever reason. */
  openOrganizationFile: (name: string) => Promise<SentFile | null>;
}

/** `/exports/organizations/<signed name>`: what an organization takes along. What leads nowhere is answered like any path that is not there. */
export async function organizationFileRoutes(server: FastifyInstance, settings: OrganizationFileSettings): Promise<void> {
  // A parameter of its own would be refused for its length.
  server.get<{ Params: { '*': string } }>('/exports/organizations/*', { config: { isLong: true } }, async (request, reply) => {
    void reply.header('cache-control', 'no-store');
    const file = await settings.openOrganizationFile(request.params['*']);
    if (!file) return reply.callNotFound();
    void reply.headers({
      'content-type': 'application/zip',
      'content-length': file.size,
      'content-disposition': `attachment; filename="${file.filename}"`,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    return reply.send(Readable.from(file.bytes, { highWaterMark: 1 }));
  });
}
