import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const GRAPH = `query Graph { deals(first: 50) { nodes { id title value stage { id name } contact { id firstName company { id name } }
  owner { id } activities(first: 5) { nodes { id subject } } } pageInfo { hasNextPage endCursor } totalCount } }`;
const BIG = `query Big { ${Array.from({ length: 20 }, (_, n) => `a${n}: deals(first: 100) { nodes { id title activities(first: 20) { nodes { id subject description } } } }`).join(' ')} }`;
const LOGIN = 'mutation Login { login(input: { email: "owner@acme.example", password: "pulse-demo-password" }) { accessToken } }';
const REFRESH_MS = 600_000;

/** Sends so many requests a second until it is stopped; `counts` says how they ended, by kind. */
export async function traffic(url, rate) {
  const counts = {};
  let token = await signIn(url);
  const renew = setInterval(
    () =>
      void signIn(url).then(
        (fresh) => (token = fresh),
        () => undefined,
      ),
    REFRESH_MS,
  );
  const post = async (query, variables, signal) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }), signal });
    const { errors } = await answer.json();
    return errors?.[0]?.extensions?.code ?? 'OK';
  };
  const kinds = [
    [40, 'graph', () => post(GRAPH)],
    [12, 'search', () => post('query Search { search(query: "an", first: 10) { nodes { id displayName } } }')],
    [
      12,
      'board',
      () => post('query Board { pipelines { nodes { stages { id name deals(first: 20) { nodes { id title } } } } } }'),
    ],
    [
      15,
      'create',
      () =>
        post('mutation Create($id: ID!) { createCompany(input: { id: $id, name: "Soak" }) { company { id } } }', {
          id: randomUUID(),
        }),
    ],
    // A name of its own each time, as a client that interpolates does: no document is seen twice.
    [6, 'fresh', () => post(`query Q${randomUUID().slice(0, 8)} { contact(id: "${randomUUID()}") { id } }`)],
    [4, 'invalid', () => post('{ nothing }')],
    [3, 'malformed', () => post('{')],
    [
      3,
      'wrong password',
      () =>
        post(`mutation { login(input: { email: "${randomUUID()}@x.example", password: "wrong wrong wrong" }) { accessToken } }`),
    ],
    [3, 'gone', () => post(GRAPH, {}, AbortSignal.timeout(5))],
    [1, 'slow sender', () => slowSender(url, token)],
    [1, 'slow reader', () => slowReader(url, token)],
  ];
  const total = kinds.reduce((sum, [weight]) => sum + weight, 0);
  const send = async () => {
    let place = Math.random() * total;
    const [, kind, run] = kinds.find(([weight]) => (place -= weight) < 0) ?? kinds[0];
    const outcome = await run().catch((error) => (error.name === 'TimeoutError' ? 'gone' : 'no answer'));
    const name = `${kind}: ${outcome}`;
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const running = new Set();
  const timer = setInterval(() => {
    const sent = send().finally(() => running.delete(sent));
    running.add(sent);
  }, 1000 / rate);
  const stop = async () => {
    clearInterval(timer);
    clearInterval(renew);
    await Promise.race([Promise.all(running), sleep(20_000)]);
  };
  return { counts, stop };
}

async function signIn(url) {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: LOGIN }),
  });
  return (await answer.json()).data.login.accessToken;
}

/** Sends half a request and then a byte now and then, until it is cut off. */
function slowSender(url, token) {
  const socket = raw(url);
  socket.resume().write(request(token, 'x'.repeat(1000)).slice(0, 300));
  const trickle = setInterval(() => socket.write('x'), 500);
  return cutOff(socket).finally(() => clearInterval(trickle));
}

/** Asks for much and reads nothing, until it is cut off or tired. */
async function slowReader(url, token) {
  const socket = raw(url);
  socket.pause().write(request(token, JSON.stringify({ query: BIG })));
  await sleep(5_000);
  socket.resume();
  return cutOff(socket);
}

function raw(url) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  return socket;
}

function request(token, body) {
  return `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer ${token}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function cutOff(socket) {
  return new Promise((resolve) => {
    const tired = setTimeout(() => socket.destroy(), 15_000);
    socket.on('close', () => {
      clearTimeout(tired);
      resolve('cut off');
    });
  });
}
