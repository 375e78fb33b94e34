import type { Resolvers } from '../../generated/graphql.js';
import { shortest } from '../../lib/decimal.js';
import { permissionsFor } from '../permissions.js';
import * as rates from './rates.js';
import { canWriteRates } from './rules.js';

export const rateResolvers: Resolvers = {
  Mutation: {
    setExchangeRate: (_, { input }, context, info) => context.write(info, (request) => rates.setExchangeRate(request, input)),
    deleteExchangeRate: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => rates.deleteExchangeRate(request, id, expectedVersion)),
  },
  ExchangeRate: {
    displayName: ({ fromCurrency, toCurrency, validFrom }) => `${fromCurrency} → ${toCurrency}, ${validFrom}`,
    viewerCan: (_, __, { caller }) => permissionsFor(canWriteRates(caller)),
    rate: ({ rate }) => shortest(rate),
  },
};
