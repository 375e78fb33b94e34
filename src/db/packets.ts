import type { Socket } from 'node:net';
import type { PoolClient } from 'pg';

/**
 * What is sent to PostgreSQL in this tick leaves together: BEGIN with the first statement, the loaders' with each other. Each packet is a call of the
 * system here and a wake-up there.
 */
export function inOnePacket(client: PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  if (corked.has(stream)) return;
  corked.add(stream);
  stream.cork();
  process.nextTick(() => {
    corked.delete(stream);
    stream.uncork();
  });
}

const corked = new WeakSet<Socket>();
