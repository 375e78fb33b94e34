import { localeOf, type Composers, type MailLocale } from '../mail/mail.js';
import { fullName } from '../../lib/names.js';
import { CHANGE_EMAIL_MS, INVITATION_MS, minutesOf, REGISTRATION_MS, RESET_MS } from './rules.js';
import { PURPOSE } from './links.js';

const ORGANIZATION = { select: { settings: true, name: true } } as const;
const USER = {
  select: { email: true, firstName: true, locale: true, isActive: true, deletedAt: true, organization: ORGANIZATION },
} as const;

/** What founding, joining, and changes of accounts tell people by mail. */
export const accountMails: Composers = {
  confirmRegistration: async ({ orgId, id, reads, links }) => {
    const row = await reads.registration.findFirst({ where: { orgId, id, confirmedAt: null } });
    if (!row) return null;
    const link = links.withToken('confirm-registration', PURPOSE.register, { orgId, id });
    const values = { organization: row.organizationName, link, validMinutes: minutesOf(REGISTRATION_MS) };
    return { to: row.email, locale: localeOf(row), values };
  },

  /** To an address that somebody wants to register with, or to change theirs to. */
  alreadyRegistered: async ({ orgId, id, reads, links }) => {
    const values = { link: links.page('sign-in') };
    const row = await reads.registration.findFirst({ where: { orgId, id } });
    if (row) return { to: row.email, locale: localeOf(row), values };
    const change = await reads.accountToken.findFirst({ where: { orgId, id }, select: { email: true, user: USER } });
    return change?.email ? { to: change.email, locale: languageOf(change.user), values } : null;
  },

  invitation: async ({ orgId, id, reads, links, now }) => {
    const row = await findInvitation(reads, { orgId, id }, now);
    if (!row) return null;
    const link = links.withToken('accept-invitation', PURPOSE.invite, { orgId, id });
    return { ...row, values: { ...row.values, link, validMinutes: minutesOf(INVITATION_MS) } };
  },

  invitationForMember: ({ orgId, id, reads, now }) => findInvitation(reads, { orgId, id }, now),

  resetPassword: async ({ orgId, id, reads, links }) => {
    const row = await reads.accountToken.findFirst({
      where: { orgId, id, usedAt: null, voidedAt: null },
      select: { user: USER },
    });
    if (!row?.user.isActive || row.user.deletedAt) return null;
    const { email, firstName } = row.user;
    const link = links.withToken('reset-password', PURPOSE.reset, { orgId, id });
    return { to: email, locale: languageOf(row.user), values: { firstName, link, validMinutes: minutesOf(RESET_MS) } };
  },

  noAccount: async ({ orgId, id, reads }) => {
    const row = await reads.resetRequest.findFirst({ where: { orgId, id } });
    return row && { to: row.email, locale: 'EN', values: {} };
  },

  confirmEmail: async ({ orgId, id, reads, links }) => {
    const row = await reads.accountToken.findFirst({
      where: { orgId, id, usedAt: null, voidedAt: null },
      select: { email: true, user: USER },
    });
    if (!row?.email) return null;
    const link = links.withToken('confirm-email', PURPOSE.email, { orgId, id });
    const values = { firstName: row.user.firstName, link, validMinutes: minutesOf(CHANGE_EMAIL_MS) };
    return { to: row.email, locale: languageOf(row.user), values };
  },

  emailChanged: async ({ orgId, id, reads }) => {
    const row = await reads.accountToken.findFirst({ where: { orgId, id }, select: { previousEmail: true, user: USER } });
    if (!row?.previousEmail) return null;
    return { to: row.previousEmail, locale: languageOf(row.user), values: { firstName: row.user.firstName } };
  },

  passwordChanged: async ({ orgId, id, reads }) => {
    const user = await reads.user.findFirst({ where: { orgId, id, erasedAt: null }, ...USER });
    return user && { to: user.email, locale: languageOf(user), values: { firstName: user.firstName } };
  },
};

function languageOf(user: { locale: MailLocale | null; organization: { settings: unknown } }): MailLocale {
  return localeOf(user.organization, user);
}

type Reads = Parameters<NonNullable<Composers['invitation']>>[0]['reads'];

async function findInvitation(reads: Reads, where: { orgId: string; id: string }, now: number) {
  const row = await reads.invitation.findFirst({
    where: { ...where, acceptedAt: null, revokedAt: null, expiresAt: { gt: new Date(now) } },
    select: {
      email: true,
      organization: ORGANIZATION,
      invitedBy: { select: { firstName: true, lastName: true, email: true } },
    },
  });
  if (!row) return null;
  const { firstName, lastName, email } = row.invitedBy;
  const values = { inviter: fullName(firstName, lastName) || email, organization: row.organization.name };
  return { to: row.email, locale: localeOf(row.organization), values };
}
