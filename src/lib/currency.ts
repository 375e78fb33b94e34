const scales = new Map<string, number>();

/** Digits after the point of a currency (ISO 4217 minor unit, from the CLDR data in Node): EUR 2, JPY 0, KWD 3. */
export function currencyScale(code: string): number {
  const known = scales.get(code);
  if (known !== undefined) return known;
  const scale = new Intl.NumberFormat('en', { style: 'currency', currency: code }).resolvedOptions().maximumFractionDigits ?? 2;
  scales.set(code, scale);
  return scale;
}
