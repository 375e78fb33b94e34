import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Place } from './place.js';

export const HOST = '127.0.0.1';

/** The port of last time if it is free, otherwise any free one. Somebody may still take it before PostgreSQL does. */
export async function pickPort(place: Place): Promise<number> {
  const last = await lastPort(place);
  return (last && (await tryPort(last))) || (await anyPort());
}

export async function rememberPort(place: Place, port: number): Promise<void> {
  await writeFile(place.port, `${port}\n`);
}

async function lastPort(place: Place): Promise<number | undefined> {
  const text = await readFile(place.port, 'utf8').catch(() => '');
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

async function anyPort(): Promise<number> {
  const port = await tryPort(0);
  if (port === undefined) throw new Error(`No port could be opened on ${HOST}.`);
  return port;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: HOST, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : undefined));
    });
  });
}
