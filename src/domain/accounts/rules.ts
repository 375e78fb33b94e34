/** A link in a mail, as far as the rules need it; moments in milliseconds. */
export interface SentLink {
  expiresAt: number;
  /** Used, revoked, or made worthless by a newer one. */
  isOver: boolean;
}

/** Whether a link can still be used. */
export function isOpen({ expiresAt, isOver }: SentLink, now: number): boolean {
  return !isOver && now < expiresAt;
}

const MINUTE = 60_000;
export const RESET_MS = 60 * MINUTE;
export const CHANGE_EMAIL_MS = 24 * 60 * MINUTE;
export const REGISTRATION_MS = 24 * 60 * MINUTE;
export const INVITATION_MS = 7 * 24 * 60 * MINUTE;

/** For the reader of a mail. */
export function minutesOf(milliseconds: number): number {
  return milliseconds / MINUTE;
}
