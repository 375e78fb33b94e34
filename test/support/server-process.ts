import { pino } from 'pino';
import { buildApp } from '../../src/app.js';
import { ROOT, SECRET } from './cluster.js';

/**
 * The server as a process of its own, for tests that kill it: node --import tsx test/support/server-process.ts '<JSON>'.
 * Prints where it listens; ends with its parent, who holds the other end of its standard input.
 */
export interface ServerProcessSettings {
  appUrl: string;
  signinUrl: string;
}

async function main({ appUrl, signinUrl }: ServerProcessSettings): Promise<void> {
  const app = await buildApp({
    root: ROOT,
    appUrl,
    signinUrl,
    secret: SECRET,
    poolSize: 4,
    connectTimeoutMs: 2_000,
    statementTimeoutMs: 10_000,
    accessTokenSeconds: 900,
    bcryptCost: 4,
    corsOrigins: [],
    openSchema: true,
    log: pino({ level: 'silent' }),
  });
  process.stdout.write(`${await app.http.listen({ port: 0, host: '127.0.0.1' })}\n`);
}

process.stdin.resume().on('end', () => process.exit());
await main(JSON.parse(process.argv[2] ?? '') as ServerProcessSettings);
