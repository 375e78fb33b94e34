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
  changedFields?: string[];
  changedBy?: { id: string; displayName: string }[];
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
  'RESTRICTED',
  'LEGAL_HOLD',
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

/** The session was ended, has expired, or its refresh token is no longer good. */
export function sessionEnded(message = 'This session is over. Sign in again.'): DomainError {
  return new DomainError('SESSION_ENDED', message);
}

/** E-mail and password do not belong together; never says which of the two was wrong. */
export function invalidCredentials(): DomainError {
  return new DomainError('INVALID_CREDENTIALS', 'The e-mail address or the password is wrong.');
}

/** One input is wrong; the message is a sentence for the person who typed it. */
export function invalid(path: FieldError['path'], message: string, code = 'INVALID'): DomainError {
  return new DomainError('INVALID_INPUT', message, { fields: [{ path, code, message }] });
}

/** Missing, foreign, hidden and never-existing records are answered alike. @param type the GraphQL type. */
export function notFound(type: string): DomainError {
  return new DomainError('NOT_FOUND', `There is no ${words(type)} with this id that you can see.`);
}

/** The caller's role does not allow it. @param what completes "You may not …". */
export function forbidden(what: string): DomainError {
  return new DomainError('FORBIDDEN', `You may not ${what}. Ask a manager or an administrator of your organization.`);
}

/** The person has had their data set aside. */
export function restricted(): DomainError {
  return new DomainError(
    'RESTRICTED',
    "The processing of this person's data is restricted: it may be read and kept, nothing else. An administrator can lift that.",
  );
}

/** There are legal holds on what was to be erased. */
export function heldLegally(holds: readonly { id: string; reason: string }[]): DomainError {
  const fields = holds.map(({ id, reason }) => ({ path: ['id'], code: id, message: reason }));
  const why = holds.map(({ reason }) => reason).join('; ');
  return new DomainError('LEGAL_HOLD', `This cannot be erased while there is a legal hold on it: ${why}`, { fields });
}

/** Somebody else was there first. */
export function conflict(message: string, details: ErrorDetails = {}): DomainError {
  return new DomainError('CONFLICT', message, details);
}

/** A record made by the client brings an id that another record has. */
export function idTaken(type: string, id: string): DomainError {
  return conflict(`There is a ${words(type)} with this id already.`, { existingId: id });
}

/** The record has moved on since the version the client knows. */
export function versionConflict(
  currentVersion: number,
  changedFields: string[],
  changedBy: { id: string; displayName: string }[],
): DomainError {
  const who = changedBy.map((person) => person.displayName).join(', ') || 'Somebody';
  return conflict(`${who} changed this record in the meantime. Read it again, then repeat the change.`, {
    currentVersion,
    changedFields,
    changedBy,
  });
}

/** The key stands for another request. */
export function idempotencyMismatch(): DomainError {
  return new DomainError(
    'IDEMPOTENCY_MISMATCH',
    'This idempotency key was used for another request. Make a new key for a new request.',
  );
}

/** The first request with this key has not ended yet. */
export function idempotencyInProgress(): DomainError {
  return new DomainError('IDEMPOTENCY_IN_PROGRESS', 'The same request is still being carried out. Repeat it in a moment.', {
    retryAfterSeconds: 1,
  });
}

/** Too many attempts. @param what a sentence on what there are too many of. */
export function rateLimited(what: string, retryAfterSeconds: number): DomainError {
  return new DomainError('RATE_LIMITED', `${what} Try again in ${inWords(retryAfterSeconds)}.`, { retryAfterSeconds });
}

/** A wait was given up. */
export function timedOut(): DomainError {
  return new DomainError('TIMEOUT', 'This took too long and was given up. Ask for less, or try again.', { retryAfterSeconds: 1 });
}

/** The database cannot be reached or cannot answer now. */
export function unavailable(): DomainError {
  return new DomainError('UNAVAILABLE', 'The database cannot answer just now. Try again in a moment.', { retryAfterSeconds: 2 });
}

/** An erasure has to be written down apart from the database before it is carried out. */
export function ledgerUnwritable(): DomainError {
  const message =
    'The ledger of erasures cannot be written just now, so nobody was erased. Tell whoever runs Pulse for you (ERASURE_LEDGER).';
  return new DomainError('UNAVAILABLE', message, { retryAfterSeconds: 60 });
}

/** Whether the database could not be asked. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'UNAVAILABLE';
}

/** `LegalHold` → `legal hold`. */
function words(type: string): string {
  return type.replace(/\B[A-Z]/g, ' $&').toLowerCase();
}

function inWords(seconds: number): string {
  if (seconds <= 5) return 'a moment';
  if (seconds < 120) return `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
