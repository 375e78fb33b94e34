/** Sort keys between sort keys: base-62 fractions compared byte by byte, so that a row moves without renumbering the others. */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = DIGITS.length;

/**
 * A key between two others (David Greenspan, "Implementing fractional indexing", 2020). Random digits at the end keep two
 * who insert at the same place at the same time from making the same key.
 *
 * @param before a key, or '' for the start.
 * @param after a larger key, or null for the end.
 */
export function positionBetween(before: string, after: string | null, random: () => number = Math.random): string {
  const jitter = Array.from({ length: 2 }, () => DIGITS.charAt(1 + Math.floor(random() * (BASE - 1)))).join('');
  const middle = beyond(before, after) ?? midpoint(before, after);
  // A middle that `after` starts with leaves no room for just any digits behind it.
  return after === null || middle + jitter < after ? middle + jitter : middle;
}

/** Keys in order for `count` rows, evenly spread over the middle half: the others are for rows that are added at an end. */
export function evenPositions(count: number): string[] {
  const width = Math.max(3, Math.ceil(Math.log(count + 2) / Math.log(BASE)) + 2);
  const start = BASE ** width / 4;
  const step = BASE ** width / 2 / (count + 1);
  return Array.from({ length: count }, (_, index) => withoutZeros(digitsOf(Math.floor(start + step * (index + 1)), width)));
}

/** Digits that count the rows at an end. */
const COUNTING = 5;

/**
 * At an end of the list the next number rather than the middle of what is left, which would be a digit longer every few rows. Null between
 * two keys, for the first one, and when there is no next number.
 */
function beyond(before: string, after: string | null): string | null {
  if (after === null && before !== '') return counted(before, 1);
  return after !== null && before === '' ? counted(after, -1) : null;
}

function counted(key: string, step: 1 | -1): string | null {
  const digits = [...key.slice(0, COUNTING).padEnd(COUNTING, '0')];
  const value = digits.reduce((sum, digit) => sum * BASE + DIGITS.indexOf(digit), 0) + step;
  return value > 0 && value < BASE ** COUNTING ? digitsOf(value, COUNTING) : null;
}

/** A fraction strictly between, as short as can be, that does not end in the lowest digit (nothing fits before '0'). */
function midpoint(before: string, after: string | null): string {
  if (after !== null) {
    const shared = sharedPrefix(before, after);
    if (shared > 0) return after.slice(0, shared) + midpoint(before.slice(shared), after.slice(shared));
  }
  const low = before ? DIGITS.indexOf(before.charAt(0)) : 0;
  const high = after === null ? BASE : DIGITS.indexOf(after.charAt(0));
  if (high - low > 1) return DIGITS.charAt(Math.round((low + high) / 2));
  if (after !== null && after.length > 1) return after.slice(0, 1);
  return DIGITS.charAt(low) + midpoint(before.slice(1), null);
}

/** Length of the common start, `before` padded with the lowest digit. */
function sharedPrefix(before: string, after: string): number {
  let length = 0;
  while (length < after.length && (before.charAt(length) || '0') === after.charAt(length)) length += 1;
  return length;
}

function digitsOf(value: number, width: number): string {
  let text = '';
  for (let rest = value; text.length < width; rest = Math.floor(rest / BASE)) text = DIGITS.charAt(rest % BASE) + text;
  return text;
}

function withoutZeros(key: string): string {
  return key.replace(/0+$/, '') || '1';
}
