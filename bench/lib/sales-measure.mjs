import { signIn } from './tokens.mjs';

const WARM_UPS = 10;
const TIMES = 100;

/** One caller who is signed in. @returns a function that answers data, or throws what the server refused. */
export async function client(url, who) {
  const token = await signIn(url, who);
  return async (query, variables = {}) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    const { data, errors } = await response.json();
    if (!response.ok || errors)
      throw new Error(`${query.slice(0, 80)} … was answered ${JSON.stringify(errors ?? response.status)}`);
    return data;
  };
}

/** How long a work takes, one after the other, each of its variables in turn. */
export async function measureWork(ask, { query, variables }) {
  const took = [];
  for (let turn = -WARM_UPS; turn < TIMES; turn += 1) {
    const started = performance.now();
    await ask(query, variables[Math.abs(turn) % variables.length]);
    if (turn >= 0) took.push(performance.now() - started);
  }
  took.sort((one, other) => one - other);
  const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))];
  return { p50: at(0.5), p95: at(0.95) };
}
