// What is asked: each work with its query, its variables, and the p95 that was promised for set L on two cores.

const BOARD = `query ($id: ID!) {
  pipeline(id: $id) {
    stages {
      id name
      deals(filter: { status: { eq: OPEN } }, first: 20) {
        totalCount
        totals { currency sum weightedSum }
        edges { cursor node { id title value currency expectedCloseDate isRotting timeInStage owner { id displayName } contact { id displayName } company { id displayName } } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}`;
const SEARCH = `query ($text: String!) { search(query: $text, first: 20) { edges { matchedField snippet { text } node { id displayName } } } }`;
const FORECAST = `{ forecast(groupBy: [MONTH, OWNER, PIPELINE]) { keys { month owner { id } pipeline { id } } currency openCount openSum openWeightedSum wonSum } }`;
const PAGE = `query ($after: String) { contacts(first: 100, after: $after) { edges { cursor node { id displayName email status lastActivityAt } } pageInfo { hasNextPage endCursor } } }`;
const STEP = `query ($after: String) { contacts(first: 100, after: $after) { pageInfo { hasNextPage endCursor } } }`;

const DEEP_PAGE = 5_000;

/** @param {(query: string, variables?: object) => Promise<object>} ask */
export async function makeWork(ask) {
  const { pipelines, contacts } = await ask(`{
    pipelines(first: 1, filter: { isDefault: { eq: true } }) { nodes { id } }
    contacts(first: 1) { nodes { firstName lastName email } }
  }`);
  const [{ id }] = pipelines.nodes;
  const [{ firstName, lastName }] = contacts.nodes;
  const { page, after } = await walkTo(ask, DEEP_PAGE);
  return [
    { name: 'board', title: 'board of the default pipeline', query: BOARD, variables: [{ id }], most: 150 },
    {
      name: 'search',
      title: 'search: a name, a beginning, a typing error, a phrase',
      query: SEARCH,
      variables: [`${firstName} ${lastName}`, lastName.slice(0, 3), misspelt(lastName), 'renewal'].map((text) => ({ text })),
      most: 150,
    },
    { name: 'forecast', title: 'forecast by month, owner and pipeline', query: FORECAST, variables: [{}], most: 300 },
    { name: 'first', title: 'contacts, page 1', query: PAGE, variables: [{ after: null }], most: null },
    { name: 'deep', title: `contacts, page ${page}`, query: PAGE, variables: [{ after }], most: 50 },
  ];
}

/** The cursor before a page of a hundred contacts; before the last whole one where there are fewer. */
async function walkTo(ask, page) {
  let after = null;
  for (let walked = 1; walked < page; walked += 1) {
    const { pageInfo } = (await ask(STEP, { after })).contacts;
    if (!pageInfo.hasNextPage) return { page: walked, after };
    after = pageInfo.endCursor;
  }
  return { page, after };
}

/** Two letters change places. */
function misspelt(name) {
  return name.length < 4 ? name : `${name[0]}${name[2]}${name[1]}${name.slice(3)}`;
}
