// What is asked on the axes of depth and pages.

const LEVELS = [
  ['users', 'displayName'],
  ['companies', 'name'],
  ['contacts', 'firstName'],
  ['deals', 'title'],
  ['activities', 'subject'],
];

/** The first three of each list, below each other: users, their companies, contacts of these, deals, activities. */
export function depthOf(levels) {
  const inner = LEVELS.slice(0, levels).reduceRight(
    (below, [list, field]) => `${list}(first: 3) { nodes { id ${field} ${below} } }`,
    '',
  );
  return `{ ${inner} }`;
}

/** How many records an answer has. */
export function nodesOf(value) {
  if (Array.isArray(value)) return value.reduce((sum, each) => sum + nodesOf(each), 0);
  if (value === null || typeof value !== 'object') return 0;
  return Object.values(value).reduce((sum, each) => sum + nodesOf(each), 'id' in value ? 1 : 0);
}

const PAGE_SIZE = 100;
const ORDERS = [
  { name: 'newest', title: 'Newest first', order: '' },
  { name: 'byName', title: 'By last name', order: ', orderBy: [{ lastName: ASC }]' },
];

/** Pages of the contacts in two orders. `cursorsOf` pages with few fields to where the chosen pages begin. */
export const pages = ORDERS.map(({ name, title, order }) => {
  const pageOf = (selection) =>
    `query ($after: String) { contacts(first: ${PAGE_SIZE}, after: $after${order}) { ${selection} pageInfo { hasNextPage endCursor } } }`;
  return {
    name,
    title,
    pageAt: pageOf('nodes { id firstName lastName email status }'),
    cursorsOf: (askFor, chosen) => walk(askFor, pageOf(''), chosen),
  };
});

/** @returns the cursor before each of the pages, null for the first. @throws Error when there are too few. */
async function walk(askFor, query, chosen) {
  const cursors = [];
  let after = null;
  for (let page = 1; page <= chosen.at(-1); page += 1) {
    if (chosen.includes(page)) cursors.push(after);
    const { pageInfo } = (await askFor(query, { after })).data.contacts;
    if (!pageInfo.hasNextPage && page < chosen.at(-1)) throw new Error(`There is no page ${page + 1}.`);
    after = pageInfo.endCursor;
  }
  return cursors;
}
