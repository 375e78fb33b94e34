/**
 * A text without accents and case, Müller like Mueller: what search_words_of() compares (prisma/migrations/20261125040000_search), as near as
 * JavaScript comes. Good for marking what PostgreSQL has found, not for finding.
 */
export function plainText(text: string): string {
  const bare = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return bare.replace(/[ßæœøłđ]/g, (letter) => LETTERS[letter] ?? letter).replace(/([aou])e/g, '$1');
}

const LETTERS: Record<string, string> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd' };
