/** What a team member may do, strongest first. */
export const ROLES = ['OWNER', 'ADMIN', 'MANAGER', 'MEMBER', 'VIEWER'] as const;

export type Role = (typeof ROLES)[number];

/**
 * Who asks, for which organization, by which right. Always an argument, never ambient: a visitor has no caller, so code
 * that forgets to check has nothing to read.
 */
export interface Caller {
  readonly orgId: string;
  readonly userId: string;
  readonly role: Role;
  /** The sign-in that the request belongs to. */
  readonly sessionId: string;
}
