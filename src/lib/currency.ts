import { toScale } from './decimal.js';

/** ISO 4217 minor units that are not 2 (https://www.iso.org/iso-4217-currency-codes.html). Not Intl's: CLDR gives COP or HUF none, as shops print them. */
const SCALES: Record<number, string> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

const scales = new Map(
  Object.entries(SCALES).flatMap(([scale, codes]) => codes.split(' ').map((code) => [code, Number(scale)] as const)),
);

const USUAL = 2;

/** Digits after the point of a currency: EUR 2, JPY 0, KWD 3. */
export function currencyScale(code: string): number {
  return scales.get(code) ?? USUAL;
}

/** The same as data: which currencies have not the usual scale. */
export const CURRENCY_SCALES = {
  usual: USUAL,
  unusual: Object.entries(SCALES).map(([scale, codes]) => ({ scale: Number(scale), codes: codes.split(' ') })),
};

/** An amount at its currency's scale; null where there is none. */
export function atScale<Amount extends string | null>(
  amount: Amount,
  currency: string,
): Amount extends string ? string : string | null {
  return (amount === null ? null : toScale(amount, currencyScale(currency))) as Amount extends string ? string : string | null;
}
