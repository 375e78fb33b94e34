// The load, in a process of its own: `connections` callers that each wait for their answer before asking again. It runs
// until the time is over and all answers are there, so that nothing is paid for that is not counted.
import { Agent, request as send } from 'node:http';

process.on('message', async (job) => process.send(await load(job)));
process.on('disconnect', () => process.exit());

const ERRORS = Buffer.from('{"errors"');

async function load({ requests, connections, seconds }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies = [];
  let sent = 0;
  const started = performance.now();
  const caller = async () => {
    while (performance.now() - started < seconds * 1000) {
      const asked = requests[sent++ % requests.length];
      const before = performance.now();
      const bytes = await lengthOfAnswer(agent, asked);
      if (asked.bytes !== undefined && bytes !== asked.bytes)
        throw new Error(`an answer has ${bytes} bytes instead of ${asked.bytes}`);
      latencies.push(performance.now() - before);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, caller));
  } catch (error) {
    return { failure: error.message };
  } finally {
    agent.destroy();
  }
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
  return { count: latencies.length, seconds: (performance.now() - started) / 1000, p50: at(0.5), p99: at(0.99) };
}

function lengthOfAnswer(agent, { url, headers, body }) {
  return new Promise((resolve, reject) => {
    const sized = { ...headers, 'content-length': Buffer.byteLength(body) };
    const outgoing = send(url, { method: 'POST', agent, headers: sized }, (response) => {
      let bytes = 0;
      response.on('data', (chunk) => {
        if (bytes === 0 && chunk.subarray(0, 9).equals(ERRORS)) reject(new Error(`an answer is ${chunk}`));
        bytes += chunk.length;
      });
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200 ? resolve(bytes) : reject(new Error(`status ${response.statusCode}`)),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
