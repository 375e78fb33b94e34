import { createHash } from 'node:crypto';
import type { Database, JobInfo, Task } from '../../db/index.js';
import type { Links } from './links.js';
import type { Composers, Letter, MailName } from './mail.js';
import { isMailName, write } from './templates/index.js';

/** A mail as it goes out. */
export interface Message {
  from: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The same however often it is sent: a second one can be recognised. */
  messageId: string;
  /** For the local outbox and tests. */
  orgId: string;
  mail: MailName;
  link: string | null;
}

/** What carries mails away. @throws when the mail was not taken; it is tried again later. */
export type Mailer = (message: Message) => Promise<void>;

export interface MailSettings {
  database: Pick<Database, 'write'>;
  composers: Composers;
  links: Links;
  mailer: Mailer;
  /** The sender, as in `Pulse CRM <crm@example.com>`. */
  from: string;
  now: () => number;
}

/** The task `mail`: reads what the mail is about, puts it into words, and sends it. */
export function mailTask(settings: MailSettings): Task {
  return async (job) => {
    const mail = job.payload['mail'] ?? '';
    if (!isMailName(mail)) throw new Error('There is no mail of that name.');
    const letter = await compose(settings, mail, job);
    if (!letter) return;
    const { from, mailer } = settings;
    await mailer({ from, to: letter.to, ...write(mail, letter), messageId: messageIdOf(job, from), orgId: job.orgId, mail });
  };
}

/** In a transaction of its own, which is over before a mail server is waited for. */
async function compose<Name extends MailName>(
  { database, composers, links, now }: MailSettings,
  mail: Name,
  { orgId, payload }: JobInfo,
): Promise<Letter<Name> | null> {
  const composer = composers[mail];
  if (!composer) throw new Error('No room composes that mail.');
  return database.write(orgId, (tx) => composer({ orgId, id: payload['id'] ?? '', reads: tx, links, now: now() }));
}

function messageIdOf({ orgId, jobId, payload }: JobInfo, from: string): string {
  const name = createHash('sha256').update([orgId, jobId, payload['mail'], payload['id']].join(' ')).digest('hex').slice(0, 40);
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'localhost';
  return `<${name}@${domain}>`;
}
