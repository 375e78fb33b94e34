/** An error whose message is a sentence that the person who starts Pulse can act on. */
export function embeddedError(message: string, cause?: unknown): Error {
  const error = new Error(message, { cause });
  error.name = 'EmbeddedPostgresError';
  return error;
}
