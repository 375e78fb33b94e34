import { MASK } from './masking.js';

/** Where texts name somebody. */
export interface Mentions {
  /** For `ILIKE ANY`: finds every text that names them, and some that do not. */
  patterns: string[];
  isIn(text: string): boolean;
  /** The text with `[erased]` in the place of each. */
  masked(text: string): string;
}

/** Shorter ones are words of their own in many texts (`An`, `Will`): they count only as they are written. */
const LETTERS_OF_A_NAME = 4;

/**
 * @param known names, addresses and numbers.
 * @param parts whether a name of several words is found by each of them, or only as a whole.
 */
export function mentionsOf(known: readonly string[], parts: 'EACH_WORD' | 'WHOLE' = 'EACH_WORD'): Mentions {
  const words = known.flatMap((text) => [text, ...(parts === 'WHOLE' ? [] : text.split(/\s+/))]).map((word) => word.trim());
  const named = [...new Set(words)].filter((word) => word.length > 1).sort((a, b) => b.length - a.length);
  const [long, short] = [
    named.filter((word) => word.length >= LETTERS_OF_A_NAME),
    named.filter((word) => word.length < LETTERS_OF_A_NAME),
  ];
  const found = [wholeWords(long, 'giu'), wholeWords(short, 'gu')].filter((pattern) => pattern !== null);
  return {
    patterns: named.map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`),
    isIn: (text) => found.some((pattern) => text.search(pattern) >= 0),
    masked: (text) => found.reduce((rest, pattern) => rest.replace(pattern, MASK), text),
  };
}

/** Also in the genitive: `Fridas`, `Frida's`. */
function wholeWords(words: readonly string[], flags: string): RegExp | null {
  if (words.length === 0) return null;
  const each = words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|');
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${each})(?:['’]?s)?(?![\\p{L}\\p{N}])`, flags);
}
