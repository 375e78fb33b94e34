import { buildApp } from '../../src/app.js';
import { testSettings } from './app.js';

/**
 * The server as a process of its own, for tests that kill it: node --import tsx test/support/server-process.ts '<JSON>'.
 * Prints where it listens; ends with its parent, who holds the other end of its standard input.
 */
export interface ServerProcessSettings {
  appUrl: string;
  signinUrl: string;
}

async function main({ appUrl, signinUrl }: ServerProcessSettings): Promise<void> {
  const app = await buildApp(testSettings({ appUrl, signinUrl }));
  process.stdout.write(`${await app.http.listen({ port: 0, host: '127.0.0.1' })}\n`);
}

process.stdin.resume().on('end', () => process.exit());
await main(JSON.parse(process.argv[2] ?? '') as ServerProcessSettings);
