import { sql } from 'kysely';
import { CURRENCY_SCALES } from '../../lib/currency.js';
import type { WrittenField } from '../graph.js';
import { escaped, quoted } from './text-values.js';

/** A text field under another name. */
export function sameText(field: string): WrittenField {
  return (read) => escaped(read(field));
}

/** An amount at its currency's scale, as `atScale` (lib/currency.ts) has it: PostgreSQL, too, rounds half away from zero. */
export function amountText(amount: string, currency: string): WrittenField {
  const { usual, unusual } = CURRENCY_SCALES;
  return (read) => {
    const scales = unusual.map(({ scale, codes }) => {
      const list = sql.join(codes.map((code) => sql.lit(code)));
      return sql`when ${read(currency)} in (${list}) then ${sql.lit(scale)}`;
    });
    return quoted(sql`round(${read(amount)}, case ${sql.join(scales, sql` `)} else ${sql.lit(usual)} end)`);
  };
}
