import { RANGE, entity, type Row } from '../../db/graph.js';

export const rateGraph = entity({
  table: 'exchange_rates',
  scope: 'organization',
  type: 'ExchangeRate',
  payload: 'exchangeRate',
  root: { one: 'exchangeRate', many: 'exchangeRates' },
  fields: {
    id: 'uuid',
    fromCurrency: 'text',
    toCurrency: 'text',
    rate: 'decimal',
    validFrom: 'date',
    deletedAt: 'timestamp?',
    version: 'integer',
    createdAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  filters: {
    id: ['eq', 'in'],
    fromCurrency: ['eq', 'in'],
    toCurrency: ['eq', 'in'],
    validFrom: RANGE,
  },
  orders: ['validFrom', 'createdAt'],
  defaultOrder: ['validFrom', 'DESC'],
});

export type RateRow = Row<typeof rateGraph>;
