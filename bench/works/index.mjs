// What is measured: each work as Pulse (and the usual stack, whose schema has the same names) is asked for it, as PostGraphile is, and
// what of the set it is asked about. `limit` names the parameters of its statement in contenders/limit/<work>.sql.
import { postgraphile } from './postgraphile.mjs';

const POINT = `query ($id: ID!) {
  deal(id: $id) { id title status currency stage { id name } contact { id firstName lastName company { id name } } owner { id } }
}`;
const LIST = `{ contacts(first: 50) { nodes { id firstName lastName email status } pageInfo { hasNextPage endCursor } } }`;
const GRAPH = `{
  deals(first: 50) {
    nodes {
      id
      title
      value
      stage { id name }
      contact { id firstName company { id name } }
      owner { id }
      activities(first: 5) { nodes { id subject } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;
const LEVELS = `{
  companies(first: 20) {
    nodes { id name contacts(first: 5) { nodes { id firstName deals(first: 5) { nodes { id title } } } } }
  }
}`;
const BOARD = `query ($id: ID!) {
  pipeline(id: $id) {
    stages {
      id
      name
      deals(filter: { status: { eq: OPEN } }, first: 20) {
        totalCount
        nodes { id title value currency owner { id } contact { id firstName } company { id name } }
      }
    }
  }
}`;
const SEARCH = `query ($text: String!) { hits: search(query: $text, first: 20) { nodes { id displayName } } }`;
const AGGREGATE = `{ dealAggregates(groupBy: [STAGE, STATUS]) { keys { status stage { id } } count currency sum } }`;
const MOVE = `mutation ($id: ID!, $stageId: ID!) { moveDeal(id: $id, input: { stageId: $stageId }) { deal { id stage { id } } } }`;

/** Each deal is asked for in turn; a move goes to the other of two stages and back. */
const moves = ({ moving, stages }) => moving.flatMap((id) => stages.map((stageId) => ({ id, stageId })));

/**
 * @typedef {object} Work
 * @property {string} name @property {string} title
 * @property {string} query @property {string | undefined} postgraphile
 * @property {(facts: object) => object[]} variables of one organization, asked in turn
 * @property {string[]} limit
 * @property {boolean} agrees whether all answers are the same, so that they are compared
 * @property {string} [unlike] why not
 */
const read = { variables: () => [{}], limit: [], agrees: true };

/** @type {Work[]} */
export const works = [
  {
    ...read,
    name: 'point',
    title: 'One deal',
    query: POINT,
    variables: ({ deals }) => deals.map((id) => ({ id })),
    limit: ['id'],
  },
  { ...read, name: 'list', title: 'Fifty contacts', query: LIST },
  { ...read, name: 'graph', title: 'The nested graph', query: GRAPH },
  { ...read, name: 'levels', title: 'Three levels of lists', query: LEVELS },
  { ...read, name: 'board', title: 'A board', query: BOARD, variables: ({ pipeline }) => [{ id: pipeline }], limit: ['id'] },
  {
    ...read,
    name: 'search',
    title: 'Search',
    query: SEARCH,
    variables: ({ texts }) => texts.map((text) => ({ text })),
    limit: ['text'],
  },
  {
    ...read,
    name: 'aggregate',
    title: 'Sums by stage and status',
    query: AGGREGATE,
    agrees: false,
    unlike: 'The orders of groups differ.',
  },
  {
    ...read,
    name: 'move',
    title: 'Moving a deal',
    query: MOVE,
    variables: moves,
    limit: ['id', 'stageId'],
    agrees: false,
    unlike: 'Each finds a place of its own.',
  },
].map((work) => ({ ...work, postgraphile: postgraphile[work.name] }));

/** Reads nine times of ten, in the shares a client has them; its organizations are as busy as Zipf's law has it. */
export const MIXED = {
  name: 'mixed',
  title: 'Nine reads and one write',
  shares: { point: 30, list: 20, graph: 20, board: 15, levels: 5, move: 10 },
};
