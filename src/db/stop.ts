import { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PoolClient } from 'pg';
import { timedOut } from '../errors.js';

/** What pg's clients have beside their types. */
interface Backend {
  host: string;
  port: number;
  processID: number;
  secretKey: number;
  connection: { stream: Duplex };
}

/** For a server to stop what it is doing, before the connection is cut: a frozen one never would. */
const STOP_MS = 1_000;
const CANCEL_REQUEST = 80_877_102;

/** Stops what a connection's transaction is doing and gives the connection back; one that does not stop is thrown away. */
export async function stopAndRelease(client: PoolClient): Promise<void> {
  const cut = setTimeout(() => cutOff(client), STOP_MS);
  try {
    await Promise.all([cancel(client), client.query('ROLLBACK')]);
    client.release();
  } catch (error) {
    client.release(error as Error);
  } finally {
    clearTimeout(cut);
  }
}

/** A connection is of no use any more: what waits on it fails now, and the pool replaces it. */
export function cutOff(client: PoolClient): void {
  (client as unknown as Backend).connection.stream.destroy();
}

/**
 * Asks PostgreSQL to cancel what a connection is doing (CancelRequest,
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS). Answers when the server has
 * passed the request on: what is sent on the connection after that is not hit by it. pg's own `cancel` does not tell.
 */
export function cancel(client: PoolClient): Promise<void> {
  const { host, port, processID, secretKey } = client as unknown as Backend;
  const request = Buffer.alloc(16);
  [16, CANCEL_REQUEST].forEach((word, index) => request.writeInt32BE(word, index * 4));
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  return new Promise((resolve) => {
    const socket = host.startsWith('/') ? createConnection(`${host}/.s.PGSQL.${port}`) : createConnection(port, host);
    socket.setTimeout(STOP_MS, () => socket.destroy());
    socket.on('error', () => undefined).on('close', () => resolve());
    // The server closes without a word; a stream that nobody reads would not notice.
    socket.resume().write(request);
  });
}

/** Stops the transaction of a connection. */
export interface Stopper {
  /** @throws why it was stopped, when it was. */
  check(): void;
  /** Why it was stopped; undefined when it was not. */
  reason(): unknown;
  /** Nothing is stopped any more. Resolves when nothing can hit the connection's next user. */
  over(): Promise<void>;
}

/**
 * Stops a transaction when it takes too long, or when `signal` says so: what it is doing is cancelled, and its connection is cut where that does not help.
 */
export function stopperOf(client: PoolClient, limitMs: number, signal: AbortSignal | undefined): Stopper {
  let reason: unknown = signal?.aborted ? signal.reason : undefined;
  let cancelled: Promise<void> | undefined;
  let cut: NodeJS.Timeout | undefined;
  const stop = (why: unknown): void => {
    reason ??= why;
    cancelled ??= cancel(client);
    cut ??= setTimeout(() => cutOff(client), STOP_MS);
  };
  const abort = (): void => stop(signal?.reason);
  const late = setTimeout(() => stop(timedOut()), limitMs);
  signal?.addEventListener('abort', abort);
  return {
    check: () => {
      if (reason) throw reason as Error;
    },
    reason: () => reason,
    over: async () => {
      clearTimeout(late);
      clearTimeout(cut);
      signal?.removeEventListener('abort', abort);
      await cancelled;
    },
  };
}
