import { createTransport } from 'nodemailer';
import type { Mailer, Message } from './task.js';

/** A mail server that is slow to answer is tried again later. */
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 };

/** Sends over SMTP. @param url as in `smtp://user:password@mail.example:587?requireTLS=true` or `smtps://…`. */
export function smtpMailer(url: string): Mailer {
  const transport = createTransport({ url, ...TIMEOUTS, disableFileAccess: true, disableUrlAccess: true });
  return async (message) => {
    await transport.sendMail(mailOf(message));
  };
}

/** Answering machines are asked to keep quiet (RFC 3834). */
export function mailOf({ from, to, subject, text, html, messageId }: Message) {
  return {
    from,
    // As one address, whatever it holds: never a list.
    to: { name: '', address: to },
    subject,
    text,
    html,
    messageId,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  };
}
