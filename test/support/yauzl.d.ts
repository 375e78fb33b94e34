/** What tests use of yauzl 3, which comes without types (https://github.com/thejoshwolfe/yauzl). */
declare module 'yauzl' {
  import type { EventEmitter } from 'node:events';
  import type { Readable } from 'node:stream';

  export interface Entry {
    fileName: string;
  }

  export interface ZipFile extends EventEmitter {
    readEntry(): void;
    openReadStream(entry: Entry, callback: (error: Error | null, stream: Readable) => void): void;
  }

  export function fromBuffer(
    buffer: Buffer,
    options: { lazyEntries: true },
    callback: (error: Error | null, zip: ZipFile) => void,
  ): void;
}
