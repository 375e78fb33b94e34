/** SQLSTATE of a database error, whether it comes from pg or through Prisma and its adapter; '' when it is none. */
export function sqlState(error: unknown): string {
  // At the commit the adapter's own error comes through, which has the code itself.
  const { code, meta, cause, originalCode } = (error ?? {}) as Failure;
  const original = meta?.driverAdapterError?.cause?.originalCode ?? originalCode;
  if (original) return original;
  if (code === 'P2034') return SERIALIZATION_FAILURE;
  if (code === 'P2002') return UNIQUE;
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('P2')) return code;
  return cause ? sqlState(cause) : '';
}

/**
 * Whether a change lost against another one and may win, or be told why not, when it is tried again: serialization failure,
 * deadlock, two who make a default pipeline, or two who bring the same id.
 */
export function isTransient(error: unknown): boolean {
  return [SERIALIZATION_FAILURE, DEADLOCK, UNIQUE, EXCLUSION].includes(sqlState(error));
}

/** Whether this one was ended so that another one could go on. */
export function isDeadlock(error: unknown): boolean {
  return sqlState(error) === DEADLOCK;
}

interface Failure {
  code?: unknown;
  cause?: unknown;
  originalCode?: string;
  meta?: DriverMeta;
}

interface DriverMeta {
  driverAdapterError?: { cause?: { originalCode?: string } };
}

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';
const UNIQUE = '23505';
const EXCLUSION = '23P01';
