import type { Caller } from '../caller.js';
import type { GraphQLResolveInfo } from 'graphql';
import type { Database, HitsAhead, Reader, WriteRequest } from '../db/index.js';
import type { AuthDoor, SignedIn } from '../domain/auth/auth.js';
import { countedAddress } from '../domain/auth/throttle.js';
import type { PrivacyDoor } from '../domain/gdpr/privacy-door.js';
import type { Device, Visit } from '../domain/auth/sessions.js';
import { unauthenticated, type DomainError } from '../errors.js';
import type { Watch } from '../watch.js';
import { aheadOfHits, aheadOfPayload } from './compiled/ahead.js';
import { originOf, refuseIdempotency, writeRequest } from './write-request.js';

export interface ContextSettings {
  database: Database;
  door: AuthDoor;
  privacy: PrivacyDoor;
  requestId: string;
  /** Where the request came from. */
  device: Device;
  cookie: RefreshCookie;
  /** Who the request's token says is calling; null for a visitor and for a token that is not valid. */
  caller: Caller | null;
  /** Why a valid token is of no use: its session is over, or nobody can be asked. */
  refusal: DomainError | null;
  /** When its time is up, by `performance.now()`. */
  deadline: number;
  /** Calls when nobody waits for the answer any more. */
  whenGone: (listener: () => void) => void;
  watch: Watch;
}

/** The cookie that carries a browser's refresh token. */
export interface RefreshCookie {
  read(): string | null;
  write(token: string, expires: Date): void;
  clear(): void;
}

/** A session as its payload shows it. */
export type SignedInPayload = Omit<SignedIn, 'refreshToken'> & { refreshToken: string | null };

/** What a mutation answers before its payload is read: the record it was about. */
export interface Written {
  id: string;
  notice?: string | null;
}

/** The same, for what is shown once. */
export type WrittenSecret = Written & { secret: string };

/**
 * What resolvers see of a request. Reading `caller` or `reader` as a visitor fails, so a field that forgets to ask who is
 * calling has nothing to answer with. A class, because Apollo Server copies a plain object and would run its getters.
 */
export class GraphContext {
  readonly door: AuthDoor;
  readonly privacy: PrivacyDoor;
  readonly requestId: string;
  readonly device: Device;
  readonly cookie: RefreshCookie;
  readonly deadline: number;
  readonly whenGone: ContextSettings['whenGone'];
  readonly watch: Watch;
  /** Shared with the copy that Apollo Server makes (Object.assign on the prototype); private fields would not survive it. */
  private readonly own: {
    database: Database;
    caller: Caller | null;
    refusal: DomainError | null;
    reader: Reader | undefined;
    /** Stops the change that is being made. */
    stop: AbortController | undefined;
    ended: boolean;
  };

  constructor(settings: ContextSettings) {
    this.door = settings.door;
    this.privacy = settings.privacy;
    this.requestId = settings.requestId;
    this.device = settings.device;
    this.cookie = settings.cookie;
    this.deadline = settings.deadline;
    this.whenGone = settings.whenGone;
    this.watch = settings.watch;
    this.own = {
      database: settings.database,
      caller: settings.caller,
      refusal: settings.refusal,
      reader: undefined,
      stop: undefined,
      ended: false,
    };
  }

  /** Where the request came from, as attempts are counted. */
  get address(): string | null {
    return countedAddress(this.device.ip);
  }

  /** Who asks. @throws DomainError UNAUTHENTICATED for a visitor. */
  get caller(): Caller {
    if (!this.own.caller) throw this.own.refusal ?? unauthenticated();
    return this.own.caller;
  }

  /** Who asks, if anybody known does: for what concerns visitors too. */
  get callerIfKnown(): Caller | null {
    return this.own.caller;
  }

  /** Whether somebody is signed in of whom something holds; a visitor is nobody. */
  isCaller(holds: (caller: Caller) => boolean): boolean {
    return this.own.caller !== null && holds(this.own.caller);
  }

  /** What the caller can see, in one snapshot that opens with its first statement. */
  get reader(): Reader {
    this.checkGoesOn();
    return (this.own.reader ??= this.own.database.readerFor(this.caller, this.watch));
  }

  /** What an operation reads of the records of these tables that a field finds. */
  hits(info: GraphQLResolveInfo, tables: readonly string[]): HitsAhead {
    return aheadOfHits(info, tables, this.own.database.scope.graph);
  }

  /**
   * Goes on as `caller` with a fresh snapshot and fresh loaders: what a mutation's payload is read with. Root fields of a
   * mutation run one after the other, each with its payload, so they do not see each other's reader.
   */
  enter(caller: Caller, reader?: Reader): void {
    this.own.reader?.close();
    this.own.reader = reader;
    this.own.caller = caller;
  }

  /**
   * Carries out a verb as the caller; its payload is then read with a fresh snapshot, unless it was read right before the commit.
   *
   * @throws what the verb throws.
   */
  async write(info: GraphQLResolveInfo, verb: (request: WriteRequest) => Promise<string | Written>): Promise<Written> {
    const { caller } = this;
    const { database } = this.own;
    const payload = aheadOfPayload(info, database.scope.graph);
    let reader: Reader | undefined;
    // Each change of the verb asks anew: what the last one answers is as it was committed.
    const beforehand = (id: string): ReturnType<Reader['beforehand']> => {
      reader = payload ? database.readerFor(caller, this.watch) : undefined;
      return (payload && reader?.beforehand(payload.table, id, 'WITH', payload.ahead)) ?? null;
    };
    const request = { caller, database: this.writable(), ...writeRequest(info, this.requestId, this.device.ip), beforehand };
    const written = await verb(request);
    this.enter(caller, reader);
    return typeof written === 'string' ? { id: written } : written;
  }

  /** The database for one change, which `abort` stops. */
  private writable(): WriteRequest['database'] {
    this.checkGoesOn();
    const { database } = this.own;
    const { signal } = (this.own.stop = new AbortController());
    return { scope: database.scope, write: (orgId, work) => database.write(orgId, work, signal, this.watch) };
  }

  /** graphql-js goes on with the next field of a mutation that has been answered already. */
  private checkGoesOn(): void {
    if (this.own.ended) throw new Error('The operation has ended.');
  }

  /** Goes on as who signed in; the refresh token travels as the client asked. */
  signedIn(session: SignedIn, byCookie: boolean): SignedInPayload {
    this.enter(session.caller);
    if (byCookie) this.cookie.write(session.refreshToken, session.sessionExpires);
    return byCookie ? { ...session, refreshToken: null } : session;
  }

  /** Where a public mutation came from. @throws DomainError INVALID_INPUT when `@idempotent` is asked for. */
  visit(info: GraphQLResolveInfo): Visit {
    this.refuseIdempotency(info);
    return { ...this.origin(info), userAgent: this.device.userAgent };
  }

  /** Where a mutation came from. */
  origin(info: GraphQLResolveInfo): WriteRequest['origin'] {
    return originOf(info, this.requestId, this.device.ip);
  }

  /** For mutations without a caller, or that return a secret. @throws DomainError INVALID_INPUT when `@idempotent` is asked for. */
  refuseIdempotency(info: GraphQLResolveInfo): void {
    this.checkGoesOn();
    refuseIdempotency(info);
  }

  /** Ends the snapshot for good: a resolver that is still running when its operation has failed opens no other. */
  end(): void {
    this.own.ended = true;
    this.own.reader?.close();
  }

  /** The same, at once: what is being read is cancelled, and a change that is being made is rolled back. */
  abort(reason: DomainError): void {
    this.own.ended = true;
    this.own.reader?.abort(reason);
    this.own.stop?.abort(reason);
  }
}
