import type { Enqueuer, TenantReads } from '../../db/index.js';
import type { Links } from './links.js';

/** What each mail tells; its template is in templates/. Whatever people typed is escaped there. */
export interface MailValues {
  /** To the address somebody registered with. */
  confirmRegistration: { organization: string; link: string; validMinutes: number };
  /** Instead of it, when the address has an account. */
  alreadyRegistered: { link: string };
  invitation: { inviter: string; organization: string; link: string; validMinutes: number };
  /** Instead of it, when the address has an account in another organization. */
  invitationForMember: { inviter: string; organization: string };
  resetPassword: { firstName: string; link: string; validMinutes: number };
  /** Instead of it, when the address has no account. */
  noAccount: Record<string, never>;
  /** To the new address. */
  confirmEmail: { firstName: string; link: string; validMinutes: number };
  /** To the old address. */
  emailChanged: { firstName: string };
  passwordChanged: { firstName: string };
  sessionStolen: { firstName: string; device: string | null; link: string };
}

export type MailName = keyof MailValues;

/** Which mail, about which row. */
export interface MailRequest {
  mail: MailName;
  /** Id of what it is about; the mail's composer knows of which table. */
  id: string;
  /** A mail of the same name and key that still waits is replaced by this one; the id when absent. */
  key?: string;
}

/**
 * Sends a mail once the transaction has committed, at least once, and never when it rolls back. Who it goes to and what it
 * says is read when it is sent.
 *
 * @param enqueuer the writer of a change, or `enqueuer(tx)`.
 */
export async function sendMail(enqueuer: Enqueuer, { mail, id, key = id }: MailRequest): Promise<void> {
  await enqueuer.enqueue({ task: 'mail', payload: { mail, id }, key: `${mail}:${key}` });
}

/** The languages there are templates in. */
export type MailLocale = 'EN' | 'DE';

/** A mail before it is put into words. */
export interface Letter<Name extends MailName> {
  to: string;
  locale: MailLocale;
  values: MailValues[Name];
}

/** What a composer works with: one organization, read only, just now. */
export interface ComposerTools {
  orgId: string;
  id: string;
  reads: TenantReads;
  links: Links;
  now: number;
}

/** Reads what a mail says when it is about to be sent; null when there is nothing to send any more. */
export type Composer<Name extends MailName> = (tools: ComposerTools) => Promise<Letter<Name> | null>;

/** A room's composers; src/domain/index.ts collects them as `mails`. */
export type Composers = { [Name in MailName]?: Composer<Name> };

/** The language of a person's mails: their own choice, else the organization's. */
export function localeOf(organization: { settings: unknown } | null, person?: { locale: MailLocale | null } | null): MailLocale {
  const { locale } = (organization?.settings ?? {}) as { locale?: MailLocale };
  return person?.locale ?? locale ?? 'EN';
}
