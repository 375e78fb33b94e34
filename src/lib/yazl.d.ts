/** What this house uses of yazl 3, which comes without types (https://github.com/thejoshwolfe/yazl). */
declare module 'yazl' {
  import type { EventEmitter } from 'node:events';
  import type { Readable } from 'node:stream';

  interface EntryOptions {
    mtime?: Date;
    compressionLevel?: number;
  }

  export class ZipFile extends EventEmitter {
    readonly outputStream: Readable;
    addReadStreamLazy(
      name: string,
      options: EntryOptions,
      open: (callback: (error: Error | null, stream?: Readable) => void) => void,
    ): void;
    end(): void;
  }
}
