/** A refresh token as far as the rules need it; moments in milliseconds. */
export interface Link {
  usedAt: number | null;
  expiresAt: number;
  successor: { usedAt: number | null; successorUsedAt: number | null } | null;
}

/**
 * What presenting a token means:
 * `ROTATE` its first use; `REPEAT` the answer was lost, and its successor is handed out once more; `SUPERSEDED` somebody has
 * the successor and this is an echo of the same client; `THEFT` two clients hold one chain; `EXPIRED` nobody used it in time.
 */
export type Verdict = 'ROTATE' | 'REPEAT' | 'SUPERSEDED' | 'THEFT' | 'EXPIRED';

/** How long a lost answer can be asked for again. */
export const REPEATABLE_MS = 24 * 3_600_000;
/** How long after the successor's first use an echo of its predecessor is believed to be one: a request under way, another tab. */
export const ECHO_MS = 10_000;

/** The verdict on a presented refresh token (RFC 9700, 4.14, with room for answers lost on the way). */
export function judge({ usedAt, expiresAt, successor }: Link, now: number): Verdict {
  if (usedAt === null || !successor) return now < expiresAt ? 'ROTATE' : 'EXPIRED';
  if (successor.usedAt === null) return now - usedAt < REPEATABLE_MS ? 'REPEAT' : 'EXPIRED';
  return now - successor.usedAt > ECHO_MS || successor.successorUsedAt !== null ? 'THEFT' : 'SUPERSEDED';
}
