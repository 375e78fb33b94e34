import { sqlState } from './sql-state.js';
import { timedOut, unavailable } from '../errors.js';

/** SQLSTATE classes and codes that mean the server is not there or has no room (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const GONE = /^(08(000|001|003|004|006)|57P0|53[123]00|25P03)/;
const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'EAI_AGAIN']);
const STATEMENT_TIMEOUT = '57014';
const LOCK_TIMEOUT = '55P03';
/** Prisma's own codes (https://www.prisma.io/docs/orm/reference/error-reference): a transaction that took too long; no connection. */
const PRISMA_TRANSACTION_OVER = 'P2028';
const PRISMA_UNREACHABLE = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024']);

/** Kinds of the adapter's, which PostgreSQL has no code for. */
const ADAPTER_GONE = new Set([
  'ConnectionClosed',
  'DatabaseNotReachable',
  'SocketTimeout',
  'TlsConnectionError',
  'TooManyConnections',
]);

/** What a database error means to a client; an error that is a fault of ours stays as it is (and becomes INTERNAL). */
export function translateFailure(error: unknown): unknown {
  const { message = '', code: own = '' } = (error ?? {}) as { code?: string; message?: string };
  const code = sqlState(error) || own;
  if (ADAPTER_GONE.has(adapterKind(error))) return unavailable();
  if (own === PRISMA_TRANSACTION_OVER) return timedOut();
  if (PRISMA_UNREACHABLE.has(own)) return unavailable();
  if (code === STATEMENT_TIMEOUT || code === LOCK_TIMEOUT) return timedOut();
  if (GONE.test(code) || NETWORK.has(code) || isLostConnection(message)) return unavailable();
  return error;
}

/** For `catch` of a promise: throws what the error means to a client. */
export function rethrow(error: unknown): never {
  throw translateFailure(error);
}

/** pg and its pool tell of a lost or missing connection in words only. */
function isLostConnection(message: string): boolean {
  return /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Query read timeout)/.test(
    message,
  );
}

/** Where in Prisma's error its adapter says what went wrong; at the commit its own error comes through. */
function adapterKind(error: unknown): string {
  type Adapter = { kind?: string };
  const { meta, cause } = (error ?? {}) as { meta?: { driverAdapterError?: { cause?: Adapter } }; cause?: Adapter };
  return meta?.driverAdapterError?.cause?.kind ?? cause?.kind ?? '';
}
