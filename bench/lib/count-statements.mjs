// How many statements and round trips an operation takes, whoever asks: a proxy before PostgreSQL reads its answers.
import { connect, createServer } from 'node:net';
import { ask } from './ask.mjs';

const WARM_UP = 10;
const COUNTED = 20;

/**
 * Asks the server of a contender that stands behind the proxy, one thing at a time. The same organization asks each time, so that what
 * is asked once a second for each session counts as it does for a busy one.
 */
export async function countStatements({ contender, requests, counted, proxy }) {
  const [{ headers }] = requests;
  const own = requests.filter((request) => request.headers.authorization === headers.authorization);
  const asked = (index) => ask({ ...own[index % own.length], url: counted.url }, contender.name);
  for (let index = 0; index < WARM_UP; index += 1) await asked(index);
  const before = { ...proxy.counts };
  for (let index = 0; index < COUNTED; index += 1) await asked(index);
  return {
    statements: (proxy.counts.statements - before.statements) / COUNTED,
    roundTrips: (proxy.counts.roundTrips - before.roundTrips) / COUNTED,
  };
}

function atPort(url, port) {
  const moved = new URL(url);
  moved.hostname = '127.0.0.1';
  moved.port = String(port);
  return moved.toString();
}

/** A way to PostgreSQL that counts what goes through it. */
export async function startProxy({ hostname, port }) {
  const counts = { statements: 0, roundTrips: 0 };
  const sockets = new Set();
  const server = createServer((client) => {
    const database = connect(Number(port || 5432), hostname);
    const completed = messageCounter('C');
    let answered = true;
    client.on('data', (chunk) => {
      if (answered) counts.roundTrips += 1;
      answered = false;
      database.write(chunk);
    });
    database.on('data', (chunk) => {
      answered = true;
      counts.statements += completed(chunk);
      client.write(chunk);
    });
    for (const [one, other] of [
      [client, database],
      [database, client],
    ]) {
      sockets.add(one.setNoDelay());
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  const { port: own } = server.address();
  const through = (urls) => Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, atPort(url, own)]));
  return { through, counts, close };
}

/**
 * Counts messages of one type in a stream of PostgreSQL's: a letter, four bytes of length, the rest. `C` is
 * CommandComplete, one for each statement (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 */
function messageCounter(type) {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    let found = 0;
    let bytes = Buffer.concat([rest, chunk]);
    while (bytes.length >= 5 && bytes.length > bytes.readInt32BE(1)) {
      if (bytes[0] === type.charCodeAt(0)) found += 1;
      bytes = bytes.subarray(1 + bytes.readInt32BE(1));
    }
    rest = bytes;
    return found;
  };
}
