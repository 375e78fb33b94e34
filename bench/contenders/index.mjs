// Who is measured: how each is started, what it is asked, and how its callers show who they are.
import path from 'node:path';
import { signIn, signToken } from '../lib/tokens.mjs';
import { ACTIVITIES, DEALS, SECRET, bench, product } from '../settings.mjs';

const pulseQuery = `{
  deals(first: ${DEALS}) {
    nodes {
      id title value
      stage { id name }
      contact { id firstName company { id name } }
      owner { id }
      activities(first: ${ACTIVITIES}) { nodes { id subject } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** The same graph by PostGraphile's names; aliases give its answer the same shape. */
const postgraphileQuery = `{
  deals: allDeals(first: ${DEALS}, condition: { deletedAt: null }, orderBy: [CREATED_AT_DESC, PRIMARY_KEY_DESC]) {
    nodes {
      id: rowId title value
      stage: pipelineStageByOrgIdAndPipelineIdAndStageId { id: rowId name }
      contact: contactByOrgIdAndContactId { id: rowId firstName company: companyByOrgIdAndCompanyId { id: rowId name } }
      owner: userByOrgIdAndOwnerId { id: rowId }
      activities: activitiesByOrgIdAndDealId(
        first: ${ACTIVITIES}, condition: { deletedAt: null }, orderBy: [CREATED_AT_DESC, PRIMARY_KEY_DESC]
      ) { nodes { id: rowId subject } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

const ownScript = (name) => ({ script: path.join(bench, 'contenders', `${name}.mjs`), folder: bench });
const ownToken = async (_url, member) => signToken(member);

/**
 * @typedef {object} Contender
 * @property {string} name in files and results
 * @property {string} title in tables
 * @property {string} script what Node starts
 * @property {string} folder where
 * @property {(urls: { owner: string, app: string, signin: string }) => Record<string, string>} environment
 * @property {string} query
 * @property {(url: string, member: object) => Promise<string>} tokenFor
 */

/** @type {Contender[]} */
export const contenders = [
  {
    name: 'pulse',
    title: 'Pulse',
    script: path.join(product, 'dist/src/main.js'),
    folder: product,
    environment: ({ owner }) => ({ DATABASE_URL: owner, SECRET_KEY: SECRET, HOST: '127.0.0.1' }),
    query: pulseQuery,
    tokenFor: signIn,
  },
  {
    name: 'pulse-prisma-carrier',
    title: 'Pulse, statements through Prisma',
    ...ownScript('pulse-prisma-carrier'),
    environment: ({ app, signin }) => ({ APP_URL: app, SIGNIN_URL: signin }),
    query: pulseQuery,
    tokenFor: signIn,
  },
  {
    name: 'postgraphile',
    title: 'PostGraphile',
    ...ownScript('postgraphile'),
    environment: ({ app }) => ({ APP_URL: app }),
    query: postgraphileQuery,
    tokenFor: ownToken,
  },
  {
    name: 'limit',
    title: 'The limit',
    ...ownScript('limit'),
    environment: ({ app }) => ({ APP_URL: app }),
    query: pulseQuery,
    tokenFor: ownToken,
  },
];

/** What every ratio is relative to. */
export const PEER = 'postgraphile';
