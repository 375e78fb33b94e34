import type { Resolvers } from '../../generated/graphql.js';
import { currencyScale } from '../../lib/currency.js';
import { toScale } from '../../lib/decimal.js';
import { permissionsFor } from '../permissions.js';
import { canWriteDeal } from './rules.js';

export const dealResolvers: Resolvers = {
  Deal: {
    displayName: (deal) => deal.title,
    viewerCan: (deal, _, { caller }) => permissionsFor(canWriteDeal(caller, deal)),
    value: (deal) => (deal.value === null ? null : toScale(deal.value, currencyScale(deal.currency))),
  },
  MoneyTotal: {
    sum: (total) => toScale(total.sum, currencyScale(total.currency)),
    weightedSum: (total) => toScale(total.weightedSum, currencyScale(total.currency)),
  },
};
