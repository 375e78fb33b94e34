import type { Caller } from '../caller.js';
import type { Database, Reader } from '../db/index.js';
import type { AuthDoor } from '../domain/auth/auth.js';
import { unauthenticated } from '../errors.js';

export interface ContextSettings {
  database: Database;
  door: AuthDoor;
  requestId: string;
  /** Who the request's token says is calling; null for a visitor and for a token that is not valid. */
  caller: Caller | null;
}

/**
 * What resolvers see of a request. Reading `caller` or `reader` as a visitor fails, so a field that forgets to ask who is
 * calling has nothing to answer with. A class, because Apollo Server copies a plain object and would run its getters.
 */
export class GraphContext {
  readonly door: AuthDoor;
  readonly requestId: string;
  /** Shared with the copy that Apollo Server makes (Object.assign on the prototype); private fields would not survive it. */
  private readonly own: { database: Database; caller: Caller | null; reader: Reader | undefined; ended: boolean };

  constructor(settings: ContextSettings) {
    this.door = settings.door;
    this.requestId = settings.requestId;
    this.own = { database: settings.database, caller: settings.caller, reader: undefined, ended: false };
  }

  /** Who asks. @throws DomainError UNAUTHENTICATED for a visitor. */
  get caller(): Caller {
    if (!this.own.caller) throw unauthenticated();
    return this.own.caller;
  }

  /** What the caller can see, in one snapshot that opens with its first statement. */
  get reader(): Reader {
    if (this.own.ended) throw new Error('The operation has ended.');
    return (this.own.reader ??= this.own.database.readerFor(this.caller));
  }

  /** Who asks, for logs; null for a visitor. */
  get callerOrNull(): Caller | null {
    return this.own.caller;
  }

  /**
   * Goes on as `caller` with a fresh snapshot and fresh loaders: what a mutation's payload is read with. Root fields of a
   * mutation run one after the other, each with its payload, so they do not see each other's reader.
   */
  enter(caller: Caller): void {
    this.own.reader?.close();
    this.own.reader = undefined;
    this.own.caller = caller;
  }

  /** Ends the snapshot for good: a resolver that is still running when its operation has failed opens no other. */
  end(): void {
    this.own.ended = true;
    this.own.reader?.close();
  }
}
