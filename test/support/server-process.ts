import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { buildApp } from '../../src/app.js';
import { smtpMailer } from '../../src/domain/mail/smtp.js';
import { doJobs } from '../../src/worker.js';
import { testSettings, WEB_URL } from './app.js';

/**
 * The server as a process of its own, for tests that kill it: node --import tsx test/support/server-process.ts '<JSON>'.
 * Prints where it listens, and for each line it reads the microseconds of processor time it has used so far; ends with its parent,
 * who holds the other end of its standard input.
 */
export interface ServerProcessSettings {
  appUrl: string;
  signinUrl: string;
  /** Does jobs too, and sends mail there. */
  worker?: { workerUrl: string; smtpUrl: string };
}

async function main({ appUrl, signinUrl, worker }: ServerProcessSettings): Promise<void> {
  const app = await buildApp(testSettings({ appUrl, signinUrl }));
  if (worker) {
    const { workerUrl, smtpUrl } = worker;
    const mail = { webUrl: WEB_URL, mailFrom: 'crm@pulse.example', mailer: smtpMailer(smtpUrl) };
    await doJobs(app, { workerUrl, ...mail, log: pino({ level: 'silent' }) });
  }
  process.stdout.write(`${await app.http.listen({ port: 0, host: '127.0.0.1' })}\n`);
}

createInterface(process.stdin)
  .on('line', () => {
    const { user, system } = process.cpuUsage();
    process.stdout.write(`${user + system}\n`);
  })
  .on('close', () => process.exit());
await main(JSON.parse(process.argv[2] ?? '') as ServerProcessSettings);
