import { GraphQLError } from 'graphql';

/** A document is bounded by its tokens, variables only by the body: these are for what nests and multiplies in them. */
/** A filter of fifty levels; each `and` or `or` counts twice, for its list. */
const DEEPEST = 100;
const MOST_VALUES = 5_000;

/**
 * Refuses variables that nest deeper or hold more values than any client needs, before anything recurses over them.
 *
 * @throws GraphQLError INVALID_INPUT.
 */
export function checkVariables(variables: Record<string, unknown> | undefined): void {
  const waiting: { value: unknown; depth: number }[] = [{ value: variables, depth: 0 }];
  for (let count = 0; ; count += 1) {
    const next = waiting.pop();
    if (!next) return;
    if (count > MOST_VALUES) throw tooMuch(`The variables hold more than ${MOST_VALUES} values.`);
    if (next.depth > DEEPEST) throw tooMuch(`The variables nest deeper than ${DEEPEST} levels.`);
    if (!next.value || typeof next.value !== 'object') continue;
    for (const value of Object.values(next.value)) waiting.push({ value, depth: next.depth + 1 });
  }
}

function tooMuch(message: string): GraphQLError {
  const fields = [{ path: ['variables'], code: 'TOO_LARGE', message }];
  // Without a status Apollo takes an error at this stage for a fault of its own: 500.
  return new GraphQLError(message, { extensions: { code: 'INVALID_INPUT', fields, http: { status: 400 } } });
}
