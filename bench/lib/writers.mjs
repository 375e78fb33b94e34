import { Agent, request } from 'node:http';

/** Writers that change titles as fast as they are answered, each for an organization of its own where there are enough. */
export async function write(url, members, writers, ms) {
  const agent = new Agent({ keepAlive: true, maxSockets: writers });
  const times = [];
  /** How often which error code was answered. */
  const failures = new Map();
  const started = performance.now();
  const writer = async (n) => {
    const { token, deals } = members[n % members.length];
    for (let step = 0; performance.now() - started < ms; step += 1) {
      const id = deals[(n + step * writers) % deals.length];
      const begun = performance.now();
      const answer = await post(agent, url, token, {
        query: 'mutation ($id: ID!, $title: String!) { updateDeal(id: $id, input: { title: $title }) { deal { id version } } }',
        variables: { id, title: `Title ${n} ${step} ${Math.random()}` },
      });
      times.push(performance.now() - begun);
      const code = answer.data?.updateDeal?.deal ? null : (answer.errors?.[0]?.extensions?.code ?? 'no answer');
      if (code) failures.set(code, (failures.get(code) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, n) => writer(n)));
  const seconds = (performance.now() - started) / 1_000;
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)];
  const failed = [...failures.values()].reduce((sum, times) => sum + times, 0);
  return { count: times.length, failures, p50: at(0.5), p95: at(0.95), rate: (times.length - failed) / seconds };
}

function post(agent, url, token, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const asked = request(url, { method: 'POST', agent, headers }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part)).on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString())));
    });
    asked.on('error', reject);
    asked.end(JSON.stringify(body));
  });
}
