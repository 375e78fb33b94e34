import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';

/** What is known of a table's text: COPY writes a line for each row, and line breaks in values as `\n`. */
export interface Tally {
  rows: number;
  sha256: string;
}

/** A stream that lets text through and counts and hashes it on the way. */
export function tallying(advance: (rows: number) => void): { stream: Transform; tally: () => Tally } {
  const hash = createHash('sha256');
  let rows = 0;
  const transform = (chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void => {
    hash.update(chunk);
    const lines = countLines(chunk);
    rows += lines;
    advance(lines);
    done(null, chunk);
  };
  return { stream: new Transform({ transform }), tally: () => ({ rows, sha256: hash.digest('hex') }) };
}

function countLines(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
  return lines;
}
