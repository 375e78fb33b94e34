import { sql } from 'kysely';
import { CURRENCY_SCALES } from '../../lib/currency.js';
import type { WrittenField } from '../graph.js';
import { escaped, quoted } from './text-values.js';

/** A text field under another name. */
export function sameText(field: string): WrittenField {
  return (read) => escaped(read(field));
}

/** What `String.prototype.trim` takes away (ECMAScript 12.2 and 12.3). */
const WHITE_SPACE =
  '\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff';

/** A full name as `fullName` (lib/names.ts) has it; of somebody without one the first of `others` that is not empty, or else the last. */
export function nameText(firstName: string, lastName: string, others: readonly [...string[], string]): WrittenField {
  return (read) => {
    const name = sql`btrim(${read(firstName)} || ' ' || ${read(lastName)}, ${sql.lit(WHITE_SPACE)})`;
    const texts = [name, ...others.slice(0, -1).map(read)].map((text) => sql`nullif(${text}, '')`);
    return escaped(sql`coalesce(${sql.join([...texts, ...others.slice(-1).map((last) => sql`${read(last)}::text`)])})`);
  };
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
