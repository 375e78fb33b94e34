import { v5 as uuidv5 } from 'uuid';
import { change, type WriteRequest } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { SetExchangeRateInput } from '../../generated/graphql.js';
import { deleteRecord } from '../records.js';
import type { RateRow } from './graph.js';
import { checkCanWriteRates } from './rules.js';

/** Sets what one unit of a currency is worth in another from a day on; a rate of the same pair and day is replaced. */
export async function setExchangeRate(request: WriteRequest, input: SetExchangeRateInput): Promise<string> {
  const { fromCurrency, toCurrency, rate, validFrom } = input;
  if (fromCurrency === toCurrency) throw invalid(['input', 'toCurrency'], 'Both currencies are the same. Name two.', 'SAME');
  const id = uuidv5(`exchange rate ${fromCurrency} ${toCurrency} ${validFrom}`, request.caller.orgId);
  return change(request, id, async (writer) => {
    checkCanWriteRates(writer.caller);
    await writer.alone(`rate ${id}`);
    const known = await writer.hold('exchange_rates', id);
    if (!known) return writer.insert('exchange_rates', 'CREATE', { id, fromCurrency, toCurrency, rate, validFrom }, true);
    await writer.apply('exchange_rates', known, known.deletedAt ? 'RESTORE' : 'UPDATE', { rate, deletedAt: null });
  });
}

/** Deletes softly: days from it on take the rate before it. */
export function deleteExchangeRate(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return deleteRecord<RateRow>(request, 'exchange_rates', id, checkCanWriteRates, expectedVersion);
}
