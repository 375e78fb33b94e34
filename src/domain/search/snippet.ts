import { plainText } from '../../lib/plain-text.js';

/** SDL type SearchSnippet. */
export interface Snippet {
  text: string;
  parts: { text: string; isMatch: boolean }[];
}

/** Characters around the first match. */
const BEFORE = 60;
const LONGEST = 200;

/** The part of a text around the first word that was matched, cut at words, with the matched words apart. */
export function snippetOf(text: string, isMatch: (word: string) => boolean): Snippet {
  const start = startOf(text, isMatch);
  const end = start + LONGEST < text.length ? text.lastIndexOf(' ', start + LONGEST) : text.length;
  const shown = text.slice(start, end > start ? end : start + LONGEST).replace(HALF_CHARACTERS, '');
  const parts = shown.split(WORDS).map((part, index) => ({ text: part, isMatch: index % 2 === 1 && isMatch(part) }));
  return { text: shown, parts: joined(parts) };
}

/** Whether some word of a text is a match. */
export function hasMatch(text: string, isMatch: (word: string) => boolean): boolean {
  return text.split(WORDS).some((part, index) => index % 2 === 1 && isMatch(part));
}

/** Whether a word is one of those asked for: begins with it, is one of the stored words that were found, or differs in its ending only. */
export function matcher(asked: readonly string[], found: readonly string[], byStem: boolean): (word: string) => boolean {
  const beginnings = asked.map(plainText);
  const whole = new Set(found);
  return (word) => {
    const plain = plainText(word);
    return (
      whole.has(plain) || beginnings.some((beginning) => plain.startsWith(beginning) || (byStem && sameStem(plain, beginning)))
    );
  };
}

/** Good enough for marking: at least four letters in common, and endings of at most three. */
function sameStem(one: string, other: string): boolean {
  let common = 0;
  while (common < one.length && one[common] === other[common]) common += 1;
  return common >= 4 && one.length - common <= 3 && other.length - common <= 3;
}

/** What a cut leaves of a character of two units. */
const HALF_CHARACTERS = /^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g;
const WORDS = /([\p{L}\p{M}\p{N}]+)/u;

function startOf(text: string, isMatch: (word: string) => boolean): number {
  if (text.length <= LONGEST) return 0;
  const first = [...text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)].find(([word]) => isMatch(word))?.index ?? 0;
  return first <= BEFORE ? 0 : text.indexOf(' ', first - BEFORE) + 1 || first;
}

function joined(parts: Snippet['parts']): Snippet['parts'] {
  return parts.reduce<Snippet['parts']>((list, part) => {
    const last = list.at(-1);
    if (part.text === '') return list;
    if (last && last.isMatch === part.isMatch) last.text += part.text;
    else list.push({ ...part });
    return list;
  }, []);
}
