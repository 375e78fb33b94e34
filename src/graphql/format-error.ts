import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { DomainError, type ErrorDetails } from '../errors.js';

/** What is told of an error that is nobody's business. */
const MASKED = 'Something went wrong on our side. Tell us the request id if it happens again.';

/**
 * The only place an error becomes part of a response. Known failures go out as they are, documents' own errors keep Apollo's
 * codes, everything else is masked. The request id is added where the request is known (`identify`).
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const original = originalOf(error);
  const place = {
    ...(formatted.locations && { locations: formatted.locations }),
    ...(formatted.path && { path: formatted.path }),
  };
  const answer = (message: string, code: string, details: ErrorDetails = {}): GraphQLFormattedError => ({
    message: short(message),
    ...place,
    extensions: { code, ...details },
  });
  if (isTooDeep(error)) return answer('The document nests too deeply.', 'GRAPHQL_PARSE_FAILED');
  if (original instanceof DomainError) return answer(original.message, original.code, original.details);
  const code = formatted.extensions?.['code'];
  if (typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR') {
    const { fields, retryAfterSeconds } = formatted.extensions as ErrorDetails;
    return answer(formatted.message, code, {
      ...(fields && { fields }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    });
  }
  if (isTooManyErrors(original)) return answer(original.message, 'BAD_USER_INPUT');
  if (isInputError(original)) return answer(original.message, 'INVALID_INPUT', inputField(original));
  return answer(MASKED, 'INTERNAL');
}

/** Apollo Server unwraps what a resolver threw, and not what ended the whole operation. */
function originalOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError instanceof DomainError
    ? error.originalError
    : unwrapResolverError(error);
}

/** Messages of graphql-js repeat the value they complain about, however long it is. */
const LONGEST_MESSAGE = 500;

function short(message: string): string {
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE)} …`;
}

/** An error of a response with the id of its request. */
export function identify(formatted: GraphQLFormattedError, requestId: string): GraphQLFormattedError {
  return { ...formatted, extensions: { ...formatted.extensions, requestId } };
}

/**
 * What graphql-js says about arguments while executing has no code of its own: a nullable variable inside a @oneOf input, or
 * a required argument whose variable is null.
 */
function isInputError(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && error.originalError === undefined && /^(Argument|Variable) "/.test(error.message);
}

/** The parser of graphql-js calls itself for each level, and runs out of stack before a document runs out of tokens. */
function isTooDeep(error: unknown): boolean {
  return (
    error instanceof GraphQLError &&
    error.originalError instanceof GraphQLError &&
    error.originalError.originalError instanceof RangeError
  );
}

/** graphql-js gives up on variables with very many faults, in an error that has neither place nor code. */
function isTooManyErrors(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && error.message.startsWith('Too many errors processing variables');
}

function inputField(error: GraphQLError): ErrorDetails {
  const argument = /^Argument "(\w+)"/.exec(error.message)?.[1];
  return argument ? { fields: [{ path: [argument], code: 'INVALID', message: short(error.message) }] } : {};
}
