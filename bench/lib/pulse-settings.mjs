import { makeLog } from '../../dist/src/log.js';
import { PLANS, withBudgets } from '../../dist/src/domain/budgets/plans.js';
import { POOL_SIZE, SECRET, product } from '../settings.mjs';

/** What Pulse in production is built with, for those who build it themselves to change one part of it. */
export function pulseSettings(appUrl, signinUrl) {
  return {
    root: product,
    appUrl,
    signinUrl,
    secret: SECRET,
    poolSize: POOL_SIZE,
    connectTimeoutMs: 1_000,
    statementTimeoutMs: 5_000,
    requestTimeoutMs: 15_000,
    receiveTimeoutMs: 30_000,
    sendTimeoutMs: 60_000,
    overloadDelayMs: 0,
    accessTokenSeconds: 900,
    passwordLeastLength: 12,
    sessionIdleSeconds: 86_400,
    sessionSeconds: 86_400,
    secureCookies: true,
    bcryptCost: 12,
    corsOrigins: [],
    schemaReaders: 'nobody',
    plans: withBudgets(PLANS, 100_000),
    log: makeLog('info', false, product),
  };
}
