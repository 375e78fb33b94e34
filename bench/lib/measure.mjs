import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpuOf, cpuOfFamily, memoryOf } from './processes.mjs';

/** A process that makes load; one for the whole run, so that it is warm for everybody alike. */
export function startLoad(node) {
  const child = fork(new URL('load.mjs', import.meta.url), { execPath: node, env: {} });
  child.once('exit', () => child.emit('message', { failure: 'its process ended' }));
  const run = async (job) => {
    child.send(job);
    const [answer] = await once(child, 'message');
    if (answer.failure) throw new Error(`The load failed: ${answer.failure}.`);
    return answer;
  };
  return { run, stop: () => child.disconnect() };
}

/**
 * One measurement of one server.
 *
 * @returns requests a second, latencies in ms, processor ms a request of server and PostgreSQL, resident MB.
 */
export async function measure(load, { pid, requests }, postmaster, { connections, seconds }) {
  const before = { server: cpuOf(pid), postgres: cpuOfFamily(postmaster) };
  const { count, seconds: took, p50, p99 } = await load.run({ requests, connections, seconds });
  return {
    connections,
    perSecond: count / took,
    p50,
    p99,
    serverMs: (cpuOf(pid) - before.server) / count,
    postgresMs: (cpuOfFamily(postmaster) - before.postgres) / count,
    memory: memoryOf(pid),
  };
}
