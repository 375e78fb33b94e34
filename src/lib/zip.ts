import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/** A file of an archive. */
export interface ZipEntry {
  name: string;
  /** Is asked for when the entries before it are written. */
  content: () => AsyncIterable<Buffer>;
}

/** An archive as it is read: entry after entry, of each only what is on its way. */
export function zipped(entries: Iterable<ZipEntry>, at: Date): Readable {
  const zip = new ZipFile();
  // Its types tell less of it than there is: yazl makes a PassThrough.
  const output = zip.outputStream as Readable;
  for (const { name, content } of entries)
    zip.addReadStreamLazy(name, { mtime: at }, (callback) => callback(null, Readable.from(content(), { objectMode: false })));
  zip.on('error', (error: Error) => output.destroy(error));
  zip.end();
  return output;
}

/** The bytes of a stream in pieces of one size, but for the last. */
export async function* inPieces(stream: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    waiting.push(chunk);
    length += chunk.length;
    if (length < size) continue;
    const bytes = Buffer.concat(waiting);
    let from = 0;
    for (; from + size <= bytes.length; from += size) yield bytes.subarray(from, from + size);
    waiting = [bytes.subarray(from)];
    length = bytes.length - from;
  }
  if (length > 0) yield Buffer.concat(waiting);
}
