// What is asked, and whether everybody answers the same.
import { isDeepStrictEqual } from 'node:util';
import { works } from '../works/index.mjs';

/** How every member is to be recognised by a server. */
export async function tokensFor({ url, contender }, members) {
  const tokens = [];
  for (const member of members) tokens.push(await contender.tokenFor(url, member));
  return tokens;
}

/**
 * The requests of one work, ready to be sent again and again: the organizations take turns.
 *
 * @returns {{ url: string, headers: object, body: string, bytes?: number }[]}
 */
export function requestsFor({ url, contender, tokens }, work, members) {
  const each = members.map((member, index) =>
    work.variables(member.facts).map((variables) => ({
      url,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens[index]}` },
      body: JSON.stringify(contender.bodyOf(work, variables, member)),
    })),
  );
  const most = Math.max(...each.map((requests) => requests.length));
  return Array.from({ length: most }, (_, place) => each.map((requests) => requests[place % requests.length])).flat();
}

/** Requests of several works in their shares; organization n is asked for 1/n as often as the first. The same for each server. */
export function mixedRequests(server, { shares }, members, count = 4_000) {
  const dice = random(20_261_125);
  const weights = members.map((_, index) => 1 / (index + 1));
  const perWork = Object.fromEntries(
    works
      .filter(({ name }) => shares[name])
      .map((work) => [work.name, members.map((member, n) => requestsOf(server, work, member, n))]),
  );
  return Array.from({ length: count }, () => {
    const requests = perWork[pick(dice, Object.keys(shares), Object.values(shares))][pick(dice, [...members.keys()], weights)];
    return requests[Math.floor(dice() * requests.length)];
  });
}

function requestsOf(server, work, member, index) {
  return requestsFor({ ...server, tokens: [server.tokens[index]] }, work, [member]);
}

function pick(dice, items, weights) {
  let at = dice() * weights.reduce((sum, weight) => sum + weight, 0);
  return items.find((_, index) => (at -= weights[index]) < 0) ?? items.at(-1);
}

/** Pseudo-random numbers (mulberry32), the same for the same seed. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Asks every server everything once. Where all can do the same, their answers must be, and the length of each is noted, so that the
 * load can tell a wrong one.
 *
 * @throws Error naming the first two servers and the place where they differ.
 */
export async function checkAgreement(work, asked) {
  for (const index of asked[0].requests.keys()) {
    const answers = [];
    for (const { contender, requests } of asked) {
      const { data, bytes } = await ask(requests[index], contender.name);
      if (work.agrees) requests[index].bytes = bytes;
      answers.push({ name: contender.name, data: normalised(data) });
    }
    const [first, ...others] = answers;
    const other = work.agrees && others.find(({ data }) => !isDeepStrictEqual(data, first.data));
    if (other) throw new Error(`${work.name}: ${first.name} and ${other.name} differ: ${difference(first.data, other.data)}`);
  }
}

/** @returns the answer's data and its length in bytes. */
export async function ask({ url, headers, body }, name) {
  const response = await fetch(url, { method: 'POST', headers, body });
  const bytes = Buffer.from(await response.arrayBuffer());
  const { data, errors } = JSON.parse(bytes.toString() || '{}');
  if (!data || errors) throw new Error(`${name} answered ${response.status} to ${body}: ${bytes.toString().slice(0, 500)}`);
  return { data, bytes: bytes.length };
}

/** Amounts differ in their trailing zeros, cursors in everything, and a list may be a connection. */
function normalised(value, key) {
  if (key === 'value' && value !== null) return Number(value);
  if (key === 'endCursor') return Boolean(value);
  if (Array.isArray(value)) return value.map((item) => normalised(item));
  if (value === null || typeof value !== 'object') return value;
  if (key === 'stages' && value.nodes) return normalised(value.nodes);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, normalised(inner, name)]));
}

function difference(one, other, path = 'data') {
  const isObject = (value) => typeof value === 'object' && value !== null;
  if (!isObject(one) || !isObject(other)) return `${path} is ${JSON.stringify(one)} and ${JSON.stringify(other)}`;
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const name = names.find((key) => !isDeepStrictEqual(one[key], other[key]));
  return difference(one[name], other[name], `${path}.${name}`);
}
