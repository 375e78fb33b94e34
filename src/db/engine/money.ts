import { sql } from 'kysely';
import { invalid } from '../../errors.js';
import { entityOf } from '../graph.js';
import { scopeConditions, type Scope } from './scope.js';
import { all, column, viewOf, type Sql } from './sql.js';

/**
 * Money in statements. A relation of rows that carry money has the columns `$amount`, `$currency` and `$on`, the day whose exchange
 * rate counts. Converted, each amount is multiplied by the organization's own rate; rounding is left to the end.
 */

/** What one row adds: its amount, in the currency wanted. */
export function amountIn(currency: string | null): Sql {
  return currency === null ? sql.ref('$amount') : sql`"$amount" * "$rate"`;
}

/** The rows of `relation`, with `$rate` where a currency is wanted: null where the organization has none. */
export function withRates(relation: string, currency: string | null, scope: Scope): Sql {
  if (currency === null) return sql.id(relation);
  return sql`${sql.id(relation)} left join (${ratesFor(relation, currency, scope)}) as rated using ("$currency", "$on")`;
}

/** Of a group, the first currency and day that has no rate; null when none is missing. */
export function missingRate(currency: string | null): Sql {
  if (currency === null) return sql`null::text`;
  return sql`min("$currency" || ' ' || "$on") filter (where "$amount" is not null and "$rate" is null)`;
}

/** @throws DomainError INVALID_INPUT naming the pair when a group tells of a rate that is missing. */
export function checkRates(groups: readonly { $missing?: unknown }[], currency: string | null | undefined): void {
  const [first] = groups.flatMap(({ $missing }) => (typeof $missing === 'string' ? [$missing] : [])).sort();
  if (!first) return;
  const [from, day] = first.split(' ');
  const message = `There is no exchange rate from ${from} to ${currency} for ${day}. Set one that is valid from then or before, or leave \`inCurrency\` out.`;
  throw invalid(['inCurrency'], message, 'RATE_MISSING');
}

/** One look-up for each currency and day that is there, not for each row. */
function ratesFor(relation: string, currency: string, scope: Scope): Sql {
  const rates = entityOf(scope.graph, 'exchange_rates');
  const conditions = [
    ...scopeConditions(rates, 'r', scope, undefined),
    sql`${column('r', 'fromCurrency')} = pair."$currency"`,
    sql`${column('r', 'toCurrency')} = ${currency}`,
    sql`${column('r', 'validFrom')} <= pair."$on"`,
  ];
  return sql`
      select pair.*, case when pair."$currency" = ${currency} then 1 else (
               select r.rate from ${viewOf(rates, 'r')} where ${all(conditions)} order by r.valid_from desc limit 1) end as "$rate"
      from (select distinct "$currency", "$on" from ${sql.id(relation)} where "$amount" is not null) as pair`;
}
