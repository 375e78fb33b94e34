/** One wrong argument or input field, for forms. */
export interface FieldError {
  /** From the mutation's or query's argument down, for example `["input", "value"]`. */
  path: (string | number)[];
  code: string;
  message: string;
}

/** What beside `code` and `message` may stand in an error's extensions (SDL enum ErrorCode). */
export interface ErrorDetails {
  fields?: FieldError[];
  retryAfterSeconds?: number;
  currentVersion?: number;
  existingId?: string;
}

/** A failure that the client is told of as it is. Everything else that is thrown becomes INTERNAL. */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message);
  }
}

/** Codes that Pulse itself raises, in the order of the SDL; the documents' own codes are Apollo's. */
export const ERROR_CODES = [
  'UNAUTHENTICATED',
  'SESSION_ENDED',
  'INVALID_CREDENTIALS',
  'FORBIDDEN',
  'NOT_FOUND',
  'INVALID_INPUT',
  'CONFLICT',
  'RATE_LIMITED',
  'COST_LIMITED',
  'IDEMPOTENCY_MISMATCH',
  'IDEMPOTENCY_IN_PROGRESS',
  'TIMEOUT',
  'UNAVAILABLE',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** No usable access token. */
export function unauthenticated(message = 'Sign in to see this.'): DomainError {
  return new DomainError('UNAUTHENTICATED', message);
}

/** E-mail and password do not belong together; never says which of the two was wrong. */
export function invalidCredentials(): DomainError {
  return new DomainError('INVALID_CREDENTIALS', 'The e-mail address or the password is wrong.');
}

/** One input is wrong; the message is a sentence for the person who typed it. */
export function invalid(path: FieldError['path'], message: string, code = 'INVALID'): DomainError {
  return new DomainError('INVALID_INPUT', message, { fields: [{ path, code, message }] });
}

/** A wait was given up. */
export function timedOut(): DomainError {
  return new DomainError('TIMEOUT', 'This took too long and was given up. Ask for less, or try again.', { retryAfterSeconds: 1 });
}

/** The database cannot be reached or cannot answer now. */
export function unavailable(): DomainError {
  return new DomainError('UNAVAILABLE', 'The database cannot answer just now. Try again in a moment.', { retryAfterSeconds: 2 });
}
