import { HeaderMap, type ApolloServerPlugin, type GraphQLRequest, type GraphQLRequestListener } from '@apollo/server';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import type { Graph } from '../../db/graph.js';
import type { Budget, Budgets } from '../../domain/budgets/budgets.js';
import { DomainError } from '../../errors.js';
import type { GraphContext } from '../context.js';
import { pricer, type Price, type PricedRequest } from './index.js';

export interface PriceSettings {
  graph: Graph;
  budgets: Budgets;
}

/** `extensions.cost` of an answer; `remaining` and `restoreRate` are null for a visitor, who has no budget. */
export interface Cost {
  requested: number;
  actual: number;
  limit: number;
  remaining: number | null;
  restoreRate: number | null;
}

/** A request with this header, whatever it says, is told what it cost. */
const COST_HEADER = 'x-pulse-cost';

/** Refuses what may cost too much before anything is executed, takes its price out of the caller's budget, and gives back what was not used. */
export function pricePlugin(schema: GraphQLSchema, { graph, budgets }: PriceSettings): ApolloServerPlugin<GraphContext> {
  const priceOf = pricer(schema, graph);
  return { requestDidStart: async () => priceListener(priceOf, budgets) };
}

function priceListener(priceOf: (request: PricedRequest) => Price, budgets: Budgets): GraphQLRequestListener<GraphContext> {
  let spending: Spending | null = null;
  return {
    didResolveOperation: async ({ request, document, operation, contextValue }) => {
      if (!operation) return;
      const price = priceOf({ document, operation, variables: request.variables ?? {} });
      spending = { price, budget: null, limit: budgets.largestLimit, isOver: false };
      await spend(spending, budgets, contextValue).catch((error: unknown) => {
        throw refusal(error, request);
      });
    },
    willSendResponse: async ({ request, response, contextValue: { watch } }) => {
      if (!spending || response.body.kind !== 'single') return;
      const { singleResult } = response.body;
      const actual = settle(spending, singleResult.data);
      watch.cost = { requested: spending.price.requested, actual };
      if (request.http?.headers.has(COST_HEADER))
        singleResult.extensions = { ...singleResult.extensions, cost: costOf(spending, actual) };
    },
  };
}

/** What a request spends. */
interface Spending {
  price: Price;
  limit: number;
  /** Whose points were taken. */
  budget: Budget | null;
  /** The answer has gone out: what is taken after that is of no use. */
  isOver: boolean;
}

/** Who is nobody, or is not known any more, has no budget and can read nothing. */
async function spend(spending: Spending, budgets: Budgets, context: GraphContext): Promise<void> {
  const { price } = spending;
  const caller = context.callerIfKnown;
  const budget = caller && (await budgets.of(caller));
  spending.limit = budget?.limit ?? budgets.largestLimit;
  price.check(spending.limit);
  if (!budget) return;
  await budget.spend(price.requested);
  if (spending.isOver) budget.giveBack(price.requested);
  else spending.budget = budget;
}

function settle(spending: Spending, data: unknown): number {
  const { price, budget } = spending;
  spending.isOver = true;
  const actual = price.actual(data);
  budget?.giveBack(price.requested - actual);
  return actual;
}

function costOf({ price: { requested }, limit, budget }: Spending, actual: number): Cost {
  return { requested, actual, limit, ...(budget?.standing() ?? { remaining: null, restoreRate: null }) };
}

/** Without a status Apollo takes an error at this stage for a fault of its own: 500. */
function refusal(error: unknown, request: GraphQLRequest): unknown {
  if (!(error instanceof DomainError)) return error;
  const { code, message, details } = error;
  const headers = new HeaderMap();
  if (details.retryAfterSeconds !== undefined) headers.set('retry-after', String(details.retryAfterSeconds));
  const status = takesStatus(request) ? (code === 'UNAVAILABLE' ? 503 : 429) : 200;
  return new GraphQLError(message, { extensions: { code, ...details, http: { status, headers } } });
}

/** As `application/json`, clients look at no code of an answer that is not 200 (GraphQL over HTTP, section 6.4). */
function takesStatus({ http }: GraphQLRequest): boolean {
  return http?.headers.get('accept')?.includes('application/graphql-response+json') ?? false;
}
