import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createTransport } from 'nodemailer';
import { mailOf } from './smtp.js';
import type { Mailer } from './task.js';

/**
 * For developing: mails are files that a mail program opens, and the terminal tells of them.
 *
 * @param say prints a line for the person at the terminal.
 */
export function outboxMailer(folder: string, say: (line: string) => void): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  return async (message) => {
    const { message: text } = await transport.sendMail(mailOf(message));
    const name = createHash('sha256').update(message.messageId).digest('hex').slice(0, 12);
    const file = path.join(folder, `${message.mail}-${name}.eml`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(file, text as Buffer, { mode: 0o600 });
    say(`Mail to ${message.to}: ${message.subject} → ${message.link ?? file}`);
  };
}
