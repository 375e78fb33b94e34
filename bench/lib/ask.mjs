// What is asked, and whether everybody answers the same.
import { isDeepStrictEqual } from 'node:util';

/**
 * A request for each member, ready to be sent again and again.
 *
 * @returns {Promise<{ url: string, headers: object, body: string, bytes?: number }[]>}
 */
export async function makeRequests({ url, contender }, members) {
  const body = JSON.stringify({ query: contender.query });
  const requests = [];
  for (const member of members) {
    const token = await contender.tokenFor(url, member);
    requests.push({ url, body, headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` } });
  }
  return requests;
}

/**
 * Asks every server for every member and notes how long each answer is, so that the load can tell a wrong one.
 *
 * @param {{ contender: object, requests: object[] }[]} servers
 * @throws Error naming the first two servers, member and place that differ.
 */
export async function checkAgreement(servers, members) {
  for (const [index, { email }] of members.entries()) {
    const answers = [];
    for (const { contender, requests } of servers) {
      const { data, bytes } = await ask(requests[index], contender.name);
      requests[index].bytes = bytes;
      answers.push({ name: contender.name, graph: normalised(data) });
    }
    const [first, ...others] = answers;
    const other = others.find(({ graph }) => !isDeepStrictEqual(graph, first.graph));
    if (other)
      throw new Error(`${first.name} and ${other.name} answer ${email} differently: ${difference(first.graph, other.graph)}`);
  }
}

/** @returns the answer's data and its length in bytes. */
export async function ask({ url, headers, body }, name) {
  const response = await fetch(url, { method: 'POST', headers, body });
  const bytes = Buffer.from(await response.arrayBuffer());
  const { data, errors } = JSON.parse(bytes.toString());
  if (!data?.deals || errors) throw new Error(`${name} answered ${response.status}: ${bytes.toString().slice(0, 500)}`);
  return { data, bytes: bytes.length };
}

/** Amounts differ in their trailing zeros, cursors in everything. */
function normalised({ deals: { nodes, pageInfo } }) {
  return {
    nodes: nodes.map((deal) => ({ ...deal, value: deal.value === null ? null : Number(deal.value) })),
    pageInfo: { hasNextPage: pageInfo.hasNextPage, hasCursor: Boolean(pageInfo.endCursor) },
  };
}

function difference(one, other) {
  if (one.nodes.length !== other.nodes.length) return `${one.nodes.length} and ${other.nodes.length} deals.`;
  const place = one.nodes.findIndex((node, index) => !isDeepStrictEqual(node, other.nodes[index]));
  if (place < 0) return `${JSON.stringify(one.pageInfo)} and ${JSON.stringify(other.pageInfo)}.`;
  return `deal ${place + 1} is\n${JSON.stringify(one.nodes[place])}\nand\n${JSON.stringify(other.nodes[place])}`;
}
