import { enqueuer, type Database, type Enqueuer, type Task, type Transaction } from '../../db/index.js';
import { sendMail, type MailName } from '../mail/mail.js';
import { RESET_MS } from './rules.js';

/**
 * What was asked for with an address. Nothing that answers a client looks an address up: the work and the time are the same
 * whether it is known or not. A job looks later, and tells the mailbox's owner.
 */
type Asked = 'register' | 'invite' | 'email' | 'reset';

/** Has an address looked up once the transaction has committed. @param id of the row that holds it. */
export async function lookUpLater(to: Enqueuer, asked: Asked, id: string): Promise<void> {
  await to.enqueue({ task: 'address', payload: { asked, id }, key: `${asked}:${id}` });
}

/** The task `address`: what a mail says depends on whether the address has an account. */
export function addressTask(database: Database, now: () => number): Task {
  return async ({ orgId, payload }) => {
    const { asked = '', id = '' } = payload;
    if (asked === 'reset') return sendReset(database, { orgId, id }, now());
    const { find, mails } = LOOK_UPS[asked as keyof typeof LOOK_UPS];
    const row = await database.write(orgId, (tx) => find(tx, { orgId, id }));
    if (!row?.email) return;
    const mail = (await database.isEmailTaken(row.email)) ? mails.taken : mails.free;
    await database.write(orgId, (tx) => sendMail(enqueuer(tx), { mail, id }));
  };
}

type Find = (tx: Transaction, where: { orgId: string; id: string }) => Promise<{ email: string | null } | null>;

const select = { email: true } as const;
const LOOK_UPS: Record<Exclude<Asked, 'reset'>, { find: Find; mails: { free: MailName; taken: MailName } }> = {
  register: {
    find: (tx, where) => tx.registration.findFirst({ where, select }),
    mails: { free: 'confirmRegistration', taken: 'alreadyRegistered' },
  },
  invite: {
    find: (tx, where) => tx.invitation.findFirst({ where, select }),
    mails: { free: 'invitation', taken: 'invitationForMember' },
  },
  email: {
    find: (tx, where) => tx.accountToken.findFirst({ where, select }),
    mails: { free: 'confirmEmail', taken: 'alreadyRegistered' },
  },
};

/** A link for the account that the address belongs to, in its organization; a word of there being none where there is none. */
async function sendReset(database: Database, asked: { orgId: string; id: string }, now: number): Promise<void> {
  const request = await database.write(asked.orgId, (tx) => tx.resetRequest.findFirst({ where: asked, select }));
  if (!request) return;
  const found = await database.findLogin(request.email);
  if (!found) return database.write(asked.orgId, (tx) => sendMail(enqueuer(tx), { mail: 'noAccount', id: asked.id }));
  const { orgId, userId } = found;
  await database.write(orgId, async (tx) => {
    const purpose = 'RESET_PASSWORD';
    // The job may be done twice: the link is made once.
    if (await tx.accountToken.findFirst({ where: { orgId, id: asked.id }, select: { id: true } })) return;
    await tx.accountToken.updateMany({
      where: { orgId, userId, purpose, usedAt: null, voidedAt: null },
      data: { voidedAt: new Date(now) },
    });
    const moments = { createdAt: new Date(now), expiresAt: new Date(now + RESET_MS) };
    await tx.accountToken.create({ data: { orgId, id: asked.id, userId, purpose, ...moments }, select: { id: true } });
    await sendMail(enqueuer(tx), { mail: 'resetPassword', id: asked.id });
  });
}
