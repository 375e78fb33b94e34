import type { Place } from '../../db/index.js';
import type { SearchType } from '../../generated/graphql.js';

/** What somebody typed, taken apart. */
export interface Question {
  /** In the order in which they were typed. */
  words: string[];
  /** What may be part of a phone number; null when the text is no number. */
  digits: string | null;
  types: readonly SearchType[];
}

/** What a question's statement looks like, whatever its words are. Equal forms have equal names. */
export interface Form {
  name: string;
  types: readonly SearchType[];
  words: readonly {
    /** Of one or two letters. */
    isShort: boolean;
    canBeMisspelt: boolean;
  }[];
  /** Which of the words is the longest. */
  lead: number;
  hasDigits: boolean;
  /** Whether words that are spelt alike are looked for too. */
  isAlike: boolean;
  /** Whether the page begins after a hit. */
  isContinued: boolean;
  /** Hits of a page. */
  size: number;
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

const SHORT = 2;

/** @see Form */
export function formOf({ words, digits, types }: Question, isAlike: boolean, { size, after }: Place): Form {
  const form = {
    types,
    words: words.map((word) => ({ isShort: word.length <= SHORT, canBeMisspelt: word.length >= 4 && /\p{L}/u.test(word) })),
    lead: words.reduce((longest, word, n) => (word.length > (words[longest]?.length ?? 0) ? n : longest), 0),
    hasDigits: digits !== null,
    isAlike,
    isContinued: Boolean(after),
    size,
  };
  return { ...form, name: `search ${JSON.stringify(form)}` };
}
