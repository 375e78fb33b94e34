/**
 * A UUID of version 7 from given parts, so that the same seed makes the same ids.
 *
 * @param time milliseconds; the row's created_at.
 * @param a 12 random bits
 * @param b 30 random bits
 * @param c 32 random bits
 */
export function uuidV7(time: number, a: number, b: number, c: number): string {
  const clock = hex(time, 12);
  const variant = 0x8000 | (b >>> 16);
  return `${clock.slice(0, 8)}-${clock.slice(8)}-7${hex(a, 3)}-${hex(variant, 4)}-${hex(b & 0xffff, 4)}${hex(c, 8)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
