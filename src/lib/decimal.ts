/** The shortest text of a decimal: '10.50' and '010.5' are both '10.5', '-0' is '0'. */
export function shortest(text: string): string {
  const negative = text.startsWith('-');
  const [whole = '0', fraction = ''] = (negative ? text.slice(1) : text).split('.');
  const digits = fraction.replace(/0+$/, '');
  const number = BigInt(whole).toString() + (digits && `.${digits}`);
  return negative && number !== '0' ? `-${number}` : number;
}

/** Digits after the point that say something. */
export function scaleOf(text: string): number {
  return shortest(text).split('.')[1]?.length ?? 0;
}

/**
 * A decimal text at a fixed number of digits after the point, rounded half away from zero (as PostgreSQL's round does).
 * Works on digits, because a float loses some: '9007199254740993.1' at 2 is '9007199254740993.10'.
 *
 * @param text as PostgreSQL prints numeric: optional sign, digits, optional point and digits.
 */
export function toScale(text: string, scale: number): string {
  const negative = text.startsWith('-');
  const [whole = '0', fraction = ''] = (negative ? text.slice(1) : text).split('.');
  const kept = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  const rounded = Number(fraction[scale] ?? '0') >= 5 ? kept + 1n : kept;
  const digits = rounded.toString().padStart(scale + 1, '0');
  const sign = negative && rounded !== 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
