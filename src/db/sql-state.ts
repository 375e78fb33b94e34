/** SQLSTATE of a database error, whether it comes from pg or through Prisma and its adapter; '' when it is none. */
export function sqlState(error: unknown): string {
  const { code, meta, cause } = (error ?? {}) as { code?: unknown; meta?: DriverMeta; cause?: unknown };
  const original = meta?.driverAdapterError?.cause?.originalCode;
  if (original) return original;
  if (code === 'P2034') return SERIALIZATION_FAILURE;
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('P2')) return code;
  return cause ? sqlState(cause) : '';
}

/**
 * Whether a change lost against another one and may win when it is tried again: serialization failure, deadlock, or two who
 * make a default pipeline at the same time (the only exclusion constraint there is).
 */
export function isTransient(error: unknown): boolean {
  return [SERIALIZATION_FAILURE, DEADLOCK, EXCLUSION].includes(sqlState(error));
}

interface DriverMeta {
  driverAdapterError?: { cause?: { originalCode?: string } };
}

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';
const EXCLUSION = '23P01';
