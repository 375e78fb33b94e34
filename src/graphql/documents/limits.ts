import { GraphQLError, type DocumentNode } from 'graphql';
import { measure, type Measures } from './measure.js';

/** Tokens of a document at most: ten times the largest operation of the documentation. */
export const MOST_TOKENS = 5_000;
/** Comments and white space are no tokens, but somebody has to read them. The schema's own query has 2,000. */
export const MOST_CHARACTERS = 100_000;

/**
 * What a document may hold. Each is several times what the board, the examples of the explorer and the query that tools read
 * the schema with need; validation of the worst document found within them takes 17 ms.
 */
export const LIMITS: Record<Exclude<keyof Measures, 'introspections'>, number> = {
  operations: 25,
  fragments: 50,
  variables: 200,
  directives: 100,
  inputDepth: 50,
  repetitions: 50,
  depth: 25,
  selections: 1_000,
  aliases: 100,
};

const WORDS: Record<keyof typeof LIMITS, (most: string) => string> = {
  operations: (most) => `holds at most ${most} operations`,
  fragments: (most) => `holds at most ${most} fragments`,
  variables: (most) => `declares at most ${most} variables`,
  directives: (most) => `carries at most ${most} directives`,
  inputDepth: (most) => `nests its arguments at most ${most} levels deep`,
  repetitions: (most) => `repeats at most ${most} fields within the selection they stand in`,
  depth: (most) => `nests its fields at most ${most} levels deep`,
  selections: (most) => `selects at most ${most} fields, each fragment counted wherever it is spread`,
  aliases: (most) => `has at most ${most} aliases, each fragment counted wherever it is spread`,
};

/** Why a document is refused before it is validated; null when it keeps within the limits. */
export function excessOf(document: DocumentNode): GraphQLError | null {
  const measures = measure(document);
  const sizes = Object.keys(LIMITS) as (keyof typeof LIMITS)[];
  const tooMuch = sizes.find((size) => measures[size] > LIMITS[size]);
  if (tooMuch) return refusal(`A document ${WORDS[tooMuch](LIMITS[tooMuch].toLocaleString('en'))}.`);
  // Each alias would be another copy of the whole schema.
  if (measures.introspections > 0 && measures.aliases > 0) return refusal('A document that asks for the schema has no aliases.');
  return null;
}

/** @see MOST_CHARACTERS */
export function lengthExcess(text: string): GraphQLError | null {
  if (text.length <= MOST_CHARACTERS) return null;
  return refusal(`A document has at most ${MOST_CHARACTERS.toLocaleString('en')} characters. Long texts travel in variables.`);
}

/** An error that refuses a request as a whole. Without a status Apollo takes an error at this stage for a fault of its own: 500. */
export function refusal(message: string, code = 'GRAPHQL_VALIDATION_FAILED'): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400 } } });
}
