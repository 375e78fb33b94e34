// Who is measured: how each is started, what it is sent, and how its callers show who they are.
import path from 'node:path';
import { signIn, signToken } from '../lib/tokens.mjs';
import { SECRET, bench, product } from '../settings.mjs';

const ownScript = (name) => ({ script: path.join(bench, 'contenders', `${name}.mjs`), folder: bench });
const ownToken = async (_url, member) => signToken(member);
const graphql = ({ query }, variables) => ({ query, variables });

/**
 * @typedef {object} Contender
 * @property {string} name in files and results
 * @property {string} title in tables
 * @property {string} script what Node starts
 * @property {string} folder where
 * @property {(urls: { owner: string, app: string, signin: string }) => Record<string, string>} environment
 * @property {(work: object, variables: object, member: object) => object} bodyOf what it is sent
 * @property {(url: string, member: object) => Promise<string>} tokenFor
 */

/** @type {Contender[]} */
export const contenders = [
  {
    name: 'pulse',
    title: 'Pulse',
    script: path.join(product, 'dist/src/main.js'),
    folder: product,
    // A run takes longer than an access token lives by default. Budgets are kept, and too large to be used up: a load test is no customer.
    environment: ({ owner }) => ({
      DATABASE_URL: owner,
      SECRET_KEY: SECRET,
      HOST: '127.0.0.1',
      ACCESS_TOKEN_SECONDS: '7200',
      BUDGET_SCALE: '100000',
    }),
    bodyOf: graphql,
    tokenFor: signIn,
  },
  {
    name: 'postgraphile',
    title: 'PostGraphile',
    ...ownScript('postgraphile'),
    environment: ({ app }) => ({ APP_URL: app }),
    bodyOf: ({ postgraphile }, variables, { org }) => ({ query: postgraphile, variables: { ...variables, org } }),
    tokenFor: ownToken,
  },
  {
    name: 'usual',
    title: 'The usual stack',
    ...ownScript('usual'),
    environment: ({ app }) => ({ APP_URL: app }),
    bodyOf: graphql,
    tokenFor: ownToken,
  },
  {
    name: 'limit',
    title: 'The limit',
    ...ownScript('limit'),
    environment: ({ app }) => ({ APP_URL: app }),
    bodyOf: ({ name }, variables) => ({ work: name, variables }),
    tokenFor: ownToken,
  },
];

/** What every ratio is relative to. */
export const PEER = 'postgraphile';
