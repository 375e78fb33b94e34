// What grows: each axis with its points, and at each point the requests of its lines.
import { works } from '../works/index.mjs';
import { ask, requestsFor } from './ask.mjs';
import { depthOf, nodesOf, pages } from './growth-works.mjs';
import { callerOf } from './growth-pulse.mjs';

const WORKS = works.filter(({ name }) => ['point', 'list', 'graph', 'board', 'search'].includes(name));

/** Rows that the seed loads for each contact: companies, deals and activities in the proportions of set M. */
const ROWS_A_CONTACT = 5.8;
/** A million contacts and what belongs to them are 5.8 million rows. */
const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const TENANTS = [1, 10, 100, 1_000];
const CONTACTS_OF_A_SMALL_ONE = 100;
const DEPTHS = [1, 2, 3, 4, 5];
const PAGES = [1, 10, 100, 1_000, 5_000];

/** Of several sizes, one organization each, in one database. */
const sizes = (quick) => (quick ? SIZES.slice(0, 2) : SIZES);
const setOfSizes = (quick) => ({
  folder: quick ? '.data-growth-quick' : '.data-growth-rows',
  seed: [
    '--rows',
    sizes(quick)
      .map((contacts) => contacts * ROWS_A_CONTACT)
      .join(','),
  ],
  tenants: sizes(quick).length,
});
const setOfTenants = (tenants) => ({
  folder: `.data-growth-tenants-${tenants}`,
  seed: ['--rows', String(CONTACTS_OF_A_SMALL_ONE * ROWS_A_CONTACT), '--tenants', String(tenants)],
  tenants,
});

/**
 * @typedef {object} Axis
 * @property {string} name @property {string} title @property {string} unit of x
 * @property {(x: string) => string} label of a column
 * @property {boolean} isLog whether x is drawn in powers of ten
 * @property {boolean} isPerNode whether the chart shows the cost of a returned record instead of a request
 * @property {(start: (set: object) => Promise<object>, quick: boolean) => Promise<object[]>} points
 */

/** @type {Axis[]} */
export const axes = [
  {
    name: 'rows',
    title: 'Contacts of the organization',
    unit: 'contacts',
    label: (x) => `${x} contacts`,
    isLog: true,
    isPerNode: false,
    points: pointsOfRows,
  },
  {
    name: 'tenants',
    title: 'Organizations in the database',
    unit: 'organizations',
    label: (x) => (x === '1' ? '1 organization' : `${x} organizations`),
    isLog: true,
    isPerNode: false,
    points: pointsOfTenants,
  },
  {
    name: 'depth',
    title: 'Lists below each other',
    unit: 'levels',
    label: (x) => `${x} levels`,
    isLog: false,
    isPerNode: true,
    points: pointsOfDepth,
  },
  {
    name: 'pages',
    title: 'Pages into the contacts',
    unit: 'page',
    label: (x) => `page ${x}`,
    isLog: true,
    isPerNode: false,
    points: pointsOfPages,
  },
];

async function pointsOfRows(start, quick) {
  const pulse = await start(setOfSizes(quick));
  const points = [];
  for (const [index, x] of sizes(quick).entries()) points.push(await worksOf(pulse, x, index + 1));
  return points;
}

/** The same organization among more and more others. */
async function pointsOfTenants(start, quick) {
  const points = [];
  for (const tenants of quick ? TENANTS.slice(0, 2) : TENANTS) {
    const pulse = await start(setOfTenants(tenants));
    points.push(await worksOf(pulse, tenants, Math.ceil(tenants / 2)));
  }
  return points;
}

async function worksOf(pulse, x, tenant) {
  const { member, token } = await callerOf(pulse, tenant);
  const lines = WORKS.map((work) => ({
    name: work.name,
    title: work.title,
    requests: requestsFor({ ...pulse, tokens: [token] }, work, [member]),
  }));
  return { x, pulse, lines };
}

/** In the largest organization. */
async function pointsOfDepth(start, quick) {
  const { pulse, request } = await largest(start, quick);
  const points = [];
  for (const x of quick ? DEPTHS.slice(0, 2) : DEPTHS) {
    const asked = request(depthOf(x));
    const nodes = nodesOf((await ask(asked, 'pulse')).data);
    points.push({ x, pulse, nodes, lines: [{ name: 'depth', title: 'First 3 each', requests: [asked] }] });
  }
  return points;
}

/** In the largest organization. */
async function pointsOfPages(start, quick) {
  const { pulse, request } = await largest(start, quick);
  const chosen = quick ? PAGES.slice(0, 2) : PAGES;
  const points = chosen.map((x) => ({ x, pulse, lines: [] }));
  for (const { name, title, pageAt, cursorsOf } of pages) {
    const cursors = await cursorsOf((query, variables) => ask(request(query, variables), 'pulse'), chosen);
    for (const [index, { lines }] of points.entries())
      lines.push({ name, title, requests: [request(pageAt, { after: cursors[index] })] });
  }
  return points;
}

async function largest(start, quick) {
  const pulse = await start(setOfSizes(quick));
  const { member, token } = await callerOf(pulse, sizes(quick).length);
  const request = (query, variables = {}) =>
    requestsFor({ ...pulse, tokens: [token] }, { query, variables: () => [variables] }, [member])[0];
  return { pulse, request };
}
