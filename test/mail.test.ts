import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { pino } from 'pino';
import { randomUUID } from 'node:crypto';
import { systemCaller } from '../src/caller.js';
import { enqueuer, noteFacts } from '../src/db/index.js';
import { links } from '../src/domain/mail/links.js';
import { sendMail, type MailLocale, type MailName, type MailValues } from '../src/domain/mail/mail.js';
import { outboxMailer } from '../src/domain/mail/outbox.js';
import { smtpMailer } from '../src/domain/mail/smtp.js';
import type { Mailer, Message } from '../src/domain/mail/task.js';
import { write } from '../src/domain/mail/templates/index.js';
import { doDueJobs } from '../src/worker.js';
import { openStage, PASSWORD, WEB_URL, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
let now = Date.now();

beforeAll(async () => {
  stage = await openStage({ now: () => now });
});
beforeEach(async () => {
  now = Date.now();
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const LOGIN =
  'mutation ($email: String!, $password: String!) { login(input: { email: $email, password: $password }) { refreshToken } }';
const REFRESH = 'mutation ($token: String!) { refreshToken(refreshToken: $token) { refreshToken } }';

async function refresh(token: string): Promise<string | null> {
  const { data } = await stage.send(REFRESH, { variables: { token } });
  return data?.refreshToken?.refreshToken ?? null;
}

/** Somebody else presents a token long after its owner went on with the next. */
async function stealSession(): Promise<void> {
  const { data } = await stage.send(LOGIN, { variables: { email: org.users.MEMBER.email, password: PASSWORD } });
  const first = data.login.refreshToken as string;
  const second = await refresh(first);
  await refresh(second ?? '');
  now += 60_000;
  expect(await refresh(first)).toBeNull();
}

/** A mail about a session that was stolen, in the transaction of `work`. */
const sendIn = (work: () => void): Promise<void> =>
  stage.app.database.write(org.id, async (tx) => {
    await tx.session.updateMany({
      where: { orgId: org.id, id: org.users.MEMBER.id },
      data: { endedAt: new Date(now), endReason: 'THEFT' },
    });
    const by = { caller: systemCaller(org.id), origin: { requestId: randomUUID(), ip: null, operation: null } };
    await noteFacts(tx, stage.app.database, by, [{ action: 'TOKEN_THEFT', table: 'sessions', id: org.users.MEMBER.id }]);
    await sendMail(enqueuer(tx), { mail: 'sessionStolen', id: org.users.MEMBER.id });
    work();
  });

const settingsFor = (mailer: Mailer): Parameters<typeof doDueJobs>[1] => ({
  workerUrl: stage.database.workerUrl,
  webUrl: WEB_URL,
  mailFrom: 'Pulse CRM <crm@pulse.example>',
  mailer,
  log: pino({ level: 'silent' }),
});

test('whose session was stolen is told, once, in their language or the organization’s', async () => {
  await stage.world.client.query(`UPDATE organizations SET settings = settings || '{"locale": "DE"}' WHERE id = $1`, [org.id]);
  await stealSession();
  const mails = await stage.mails(org.id);
  expect(mails).toMatchObject([
    { to: org.users.MEMBER.email, subject: 'Eine Ihrer Sitzungen wurde zur Sicherheit beendet', link: `${WEB_URL}/sign-in` },
  ]);
  expect(await stage.mails(org.id)).toEqual([]);
  await stage.world.client.query(`UPDATE users SET locale = 'EN' WHERE id = $1`, [org.users.MEMBER.id]);
  await stealSession();
  expect(await stage.mails(org.id)).toMatchObject([{ subject: 'A session of yours was ended for safety' }]);
});

test('a transaction that rolls back sends nothing; one that commits does', async () => {
  await expect(
    sendIn(() => {
      throw new Error('It goes wrong after all.');
    }),
  ).rejects.toThrow('It goes wrong after all.');
  expect(await stage.mails(org.id)).toEqual([]);
  await sendIn(() => undefined);
  expect(await stage.mails(org.id)).toHaveLength(1);
});

test('what is not true any more when the mail is to be sent is not sent', async () => {
  await sendIn(() => undefined);
  await stage.world.client.query('UPDATE users SET is_active = false WHERE id = $1', [org.users.MEMBER.id]);
  expect(await stage.mails(org.id)).toEqual([]);
});

test('a job holds ids only, and its mail has the same Message-ID however often it is sent', async () => {
  await sendIn(() => undefined);
  const { rows } = await stage.world.client.query(
    `SELECT payload, key, last_error FROM graphile_worker._private_jobs WHERE payload ->> 'orgId' = $1`,
    [org.id],
  );
  const id = org.users.MEMBER.id;
  expect(rows).toEqual([
    { payload: { orgId: org.id, mail: 'sessionStolen', id }, key: `${org.id}:mail:sessionStolen:${id}`, last_error: null },
  ]);
  const seen: Message[] = [];
  const failing: Mailer = async (message) => {
    seen.push(message);
    throw new Error(`550 ${message.to}`);
  };
  await doDueJobs(stage.app, settingsFor(failing));
  await stage.world.client.query(`UPDATE graphile_worker._private_jobs SET run_at = now() WHERE payload ->> 'orgId' = $1`, [
    org.id,
  ]);
  const [sent] = await stage.mails(org.id);
  expect(sent?.messageId).toMatch(/^<[0-9a-f]{40}@pulse\.example>$/);
  expect(seen.map(({ messageId }) => messageId)).toEqual([sent?.messageId]);
});

describe('over SMTP', () => {
  let server: SMTPServer;
  let url: string;
  /** What the next recipient is answered. */
  let refusal: Error | null;
  const received: ParsedMail[] = [];

  beforeAll(async () => {
    server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onRcptTo: (_address, _session, callback) => callback(refusal),
      onData: (stream, _session, callback) => {
        simpleParser(stream).then((mail) => {
          received.push(mail);
          callback();
        }, callback);
      },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.server.address() as { port: number };
    url = `smtp://127.0.0.1:${port}`;
  });
  beforeEach(() => {
    refusal = null;
    received.length = 0;
  });
  afterAll(() => new Promise<void>((resolve) => server.close(resolve)));

  test('a mail arrives with text and HTML, sender, and an id', async () => {
    await sendIn(() => undefined);
    await doDueJobs(stage.app, settingsFor(smtpMailer(url)));
    expect(received).toHaveLength(1);
    const [mail] = received;
    expect(mail).toMatchObject({
      subject: 'A session of yours was ended for safety',
      from: { text: '"Pulse CRM" <crm@pulse.example>' },
    });
    expect(mail?.to).toMatchObject({ text: org.users.MEMBER.email });
    expect(mail?.text).toContain(`Sign in:\n${WEB_URL}/sign-in`);
    expect(mail?.html).toContain(`href="${WEB_URL}/sign-in"`);
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
  });

  test('a mail that the server refuses for now is sent later', async () => {
    await sendIn(() => undefined);
    refusal = Object.assign(new Error('Try again later'), { responseCode: 451 });
    await doDueJobs(stage.app, settingsFor(smtpMailer(url)));
    const { rows } = await stage.world.client.query<{ id: string; last_error: string }>(
      `SELECT id, last_error FROM graphile_worker._private_jobs WHERE payload ->> 'orgId' = $1`,
      [org.id],
    );
    expect(rows).toMatchObject([{ last_error: 'Error EENVELOPE 451' }]);
    refusal = null;
    await stage.world.client.query('UPDATE graphile_worker._private_jobs SET run_at = now() WHERE id = $1', [rows[0]?.id]);
    await doDueJobs(stage.app, settingsFor(smtpMailer(url)));
    expect(received).toHaveLength(1);
  });
});

test('without a mail server mails are files, and the terminal tells of them', async () => {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'pulse-outbox-')), 'outbox');
  const said: string[] = [];
  await sendIn(() => undefined);
  await doDueJobs(stage.app, settingsFor(outboxMailer(folder, (line) => said.push(line))));
  const files = readdirSync(folder);
  expect(files).toEqual([expect.stringMatching(/^sessionStolen-[0-9a-f]{12}\.eml$/)]);
  const mail = await simpleParser(readFileSync(path.join(folder, files[0] ?? '')));
  expect(mail).toMatchObject({ subject: 'A session of yours was ended for safety' });
  expect(said).toEqual([`Mail to ${org.users.MEMBER.email}: A session of yours was ended for safety → ${WEB_URL}/sign-in`]);
});

describe('templates', () => {
  const link = `${WEB_URL}/page#token=x`;
  const values: { [Name in MailName]: MailValues[Name] } = {
    confirmRegistration: { organization: 'Acme', link, validMinutes: 1_440 },
    alreadyRegistered: { link },
    invitation: { inviter: 'Ada', organization: 'Acme', link, validMinutes: 7 * 1_440 },
    invitationForMember: { inviter: 'Ada', organization: 'Acme' },
    resetPassword: { firstName: 'Ada', link, validMinutes: 60 },
    noAccount: {},
    confirmEmail: { firstName: 'Ada', link, validMinutes: 90 },
    emailChanged: { firstName: 'Ada' },
    passwordChanged: { firstName: 'Ada' },
    sessionStolen: { firstName: 'Ada', device: 'A browser', link },
  };
  const names = Object.keys(values) as MailName[];
  const written = (name: MailName, locale: MailLocale, changed: object = {}): ReturnType<typeof write> =>
    write(name, { to: 'x@example.com', locale, values: { ...values[name], ...changed } });

  test.each(names)('%s is there in English and German, with the same link', (name) => {
    const [english, german] = [written(name, 'EN'), written(name, 'DE')];
    expect(english.subject).not.toBe(german.subject);
    expect(english.html).toContain('<html lang="en">');
    expect(german.html).toContain('<html lang="de">');
    const expected = 'link' in values[name] ? link : null;
    for (const mail of [english, german]) {
      expect(mail.link).toBe(expected);
      expect(mail.text.includes(link)).toBe(expected !== null);
      expect(mail.html.includes(`href="${link}"`)).toBe(expected !== null);
      expect(mail.text + mail.html).not.toMatch(/undefined|null|NaN|\[object/);
    }
  });

  test('how long a link is good for is said in whole units', () => {
    const said = (validMinutes: number, locale: MailLocale): string => written('resetPassword', locale, { validMinutes }).text;
    expect(said(1_440, 'EN')).toContain('within 1 day.');
    expect(said(2_880, 'DE')).toContain('innerhalb von 2 Tagen.');
    expect(said(1_440, 'DE')).toContain('innerhalb von einem Tag.');
    expect(said(60, 'DE')).toContain('innerhalb von einer Stunde.');
    expect(said(90, 'EN')).toContain('within 90 minutes.');
  });

  test('a name that is HTML, a header or a link is shown as text', () => {
    const inviter = `<img src=x onerror="alert('1')">&\r\nBcc: all@example.com`;
    const organization = `https://evil.example/ ${'long '.repeat(100)}`;
    for (const locale of ['EN', 'DE'] as const) {
      const mail = written('invitation', locale, { inviter, organization });
      expect(mail.html).not.toMatch(/<img|onerror="|https:\/\/evil/);
      expect(mail.html).toContain('&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62;&#38;');
      expect(mail.subject).not.toMatch(/[\r\n]/);
      expect(mail.text).not.toContain('://evil');
      expect(mail.subject.length).toBeLessThan(250);
    }
  });
});

test('links are built from configuration, with the token where no server sees it', () => {
  const made = links('https://app.example/crm/', stage.app.door.mailTokens);
  const url = new URL(made.withToken('reset-password', 'resetPassword', { orgId: org.id, id: org.id }));
  expect(`${url.origin}${url.pathname}${url.search}`).toBe('https://app.example/crm/reset-password');
  const token = new URLSearchParams(url.hash.slice(1)).get('token') ?? '';
  expect(stage.app.door.mailTokens.parse('resetPassword', token)).toEqual({ orgId: org.id, id: org.id });
});
