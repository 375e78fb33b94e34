const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const WIDTH = 4;
const SPACE = DIGITS.length ** WIDTH;

/**
 * The key of the `index`-th of `count` records, compared byte by byte: base62 fractions of fixed width, spread evenly
 * over the whole space, so that there is room before, between and after them.
 *
 * @throws RangeError when there are more records than keys of this width.
 */
export function positionAt(index: number, count: number): string {
  if (count > SPACE / 4)
    throw new RangeError(`At most ${Math.floor(SPACE / 4)} positions fit into ${WIDTH} digits; ${count} were asked for.`);
  const key = Math.floor(((index + 1) * SPACE) / (count + 1));
  // A key that ends in the lowest digit has no room before it.
  return digitsOf(key % DIGITS.length === 0 ? key + 1 : key);
}

function digitsOf(key: number): string {
  let text = '';
  for (let rest = key; text.length < WIDTH; rest = Math.floor(rest / DIGITS.length)) {
    text = DIGITS.charAt(rest % DIGITS.length) + text;
  }
  return text;
}
