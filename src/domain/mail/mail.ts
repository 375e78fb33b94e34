import type { Enqueuer } from '../../db/index.js';

/** The mails there are. Each has a template, and a composer in the room that knows what it is about. */
export type MailName =
  | 'confirmRegistration'
  | 'alreadyRegistered'
  | 'invitation'
  | 'invitationForMember'
  | 'resetPassword'
  | 'noAccount'
  | 'confirmEmail'
  | 'emailChanged'
  | 'passwordChanged'
  | 'sessionStolen';

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
