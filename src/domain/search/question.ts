import type { SearchType } from '../../generated/graphql.js';

/** What somebody typed, taken apart. */
export interface Question {
  /** In the order in which they were typed. */
  words: string[];
  /** What may be part of a phone number; null when the text is no number. */
  digits: string | null;
  types: readonly SearchType[];
}

/** More words than these only make a search slower. */
const MOST_WORDS = 6;
const LONGEST_WORD = 40;
const FEWEST_DIGITS = 3;

/** Takes a text apart as search_words_of() does, before accents and case, which PostgreSQL takes away from both. */
export function questionOf(typed: string, types: readonly SearchType[]): Question {
  const words = typed.normalize('NFKC').match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return {
    words: [...new Set(words.map((word) => word.slice(0, LONGEST_WORD)))].slice(0, MOST_WORDS),
    digits: digitsOf(typed),
    types,
  };
}

function digitsOf(typed: string): string | null {
  if (!/^[\d\s()+./-]+$/.test(typed)) return null;
  const digits = typed.replace(/^\s*00/, '').replace(/\D/g, '');
  return digits.length >= FEWEST_DIGITS ? digits : null;
}
