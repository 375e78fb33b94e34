import { localeOf, type Composers } from '../mail/mail.js';

/** What the auth room tells people by mail. */
export const authMails: Composers = {
  /** About a session that ended because two held its tokens. */
  sessionStolen: async ({ orgId, id, reads, links }) => {
    const session = await reads.session.findFirst({
      where: { orgId, id, endReason: 'THEFT' },
      select: {
        userAgent: true,
        organization: { select: { settings: true } },
        user: { select: { email: true, firstName: true, locale: true, isActive: true, deletedAt: true } },
      },
    });
    if (!session?.user.isActive || session.user.deletedAt) return null;
    const { email, firstName } = session.user;
    const values = { firstName, device: session.userAgent, link: links.page('sign-in') };
    return { to: email, locale: localeOf(session.organization, session.user), values };
  },
};
