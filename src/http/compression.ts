import { constants } from 'node:zlib';
import compress from '@fastify/compress';
import type { FastifyInstance } from 'fastify';

/** Answers of fewer bytes fit into a few packets, compressed or not. */
const THRESHOLD = 8_192;
/** Up to here compressing at once takes half a millisecond; longer answers go through a stream and libuv's threads. */
const AT_ONCE = 131_072;

/**
 * Compresses big answers of the routes registered after it, with the fastest setting: it saves as much of an answer's JSON as the slower
 * ones do, for a third of the time (docs/decisions/0040-documents.md). Requests are never unpacked.
 */
export async function compressAnswers(server: FastifyInstance): Promise<void> {
  await server.register(compress, {
    threshold: THRESHOLD,
    syncThreshold: AT_ONCE,
    encodings: ['br', 'gzip'],
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } },
    zlibOptions: { level: 1 },
    globalDecompression: false,
  });
}
