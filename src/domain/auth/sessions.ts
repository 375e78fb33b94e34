import { v7 as uuidv7 } from 'uuid';
import type { SignedInCaller } from '../../caller.js';
import { noteFacts, type Database, type Transaction, type WriteRequest } from '../../db/index.js';
import { makeRefreshToken, parseRefreshToken } from './refresh-tokens.js';

/** What a sign-in is remembered by. */
export interface Device {
  userAgent: string | null;
  ip: string | null;
}

/** Where something that concerns a session came from, for its fact. */
export type Origin = WriteRequest['origin'];

/** A request that signs in. */
export interface Visit extends Origin {
  userAgent: string | null;
}

/** What sessions work with; moments in milliseconds. */
export interface SessionSettings {
  database: Database;
  now: () => number;
  /** A refresh token that nobody uses for so long is worth nothing. */
  idleSeconds: number;
  /** However much it is used, a session ends after so long. */
  lifetimeSeconds: number;
}

/** Whose session it is. */
export interface SessionOwner {
  orgId: string;
  userId: string;
  sessionId: string;
}

/** A refresh token that was issued, and for whom. */
export interface Issued {
  session: SessionOwner;
  refreshToken: string;
  sessionExpires: Date;
}

/** Starts a session with its first refresh token. */
export async function startSession(
  settings: SessionSettings,
  user: { orgId: string; userId: string },
  { userAgent, ...origin }: Visit,
): Promise<Issued> {
  const { orgId, userId } = user;
  const now = settings.now();
  const sessionId = uuidv7();
  const refreshToken = makeRefreshToken(orgId);
  const sessionExpires = new Date(now + settings.lifetimeSeconds * 1000);
  await settings.database.write(orgId, async (tx) => {
    const moments = { createdAt: new Date(now), lastUsedAt: new Date(now), expiresAt: sessionExpires };
    await tx.session.create({
      data: { orgId, id: sessionId, userId, ...moments, userAgent, ipAddress: origin.ip },
      select: { id: true },
    });
    await addToken(tx, settings, { orgId, userId, sessionId }, refreshToken);
    await tx.user.updateMany({ where: { orgId, id: userId }, data: { lastLoginAt: new Date(now) } });
    const caller = { orgId, userId, role: 'VIEWER' as const, via: { kind: 'SESSION' as const, sessionId } };
    await noteFacts(tx, settings.database, { caller, origin }, [{ action: 'SIGN_IN', table: 'sessions', id: sessionId }]);
  });
  return { session: { orgId, userId, sessionId }, refreshToken, sessionExpires };
}

/** Ends sessions of a user: one, or all. @returns how many were still running. */
export async function endSessions(
  settings: SessionSettings,
  by: { caller: SignedInCaller; origin: Origin },
  sessionId: string | null,
  reason: 'LOGOUT' | 'REVOKED',
): Promise<number> {
  const { orgId, userId } = by.caller;
  return settings.database.write(orgId, async (tx) => {
    const where = { orgId, userId, endedAt: null, ...(sessionId !== null && { id: sessionId }) };
    const data = { endedAt: new Date(settings.now()), endReason: reason };
    const ended = await tx.session.updateManyAndReturn({ where, data, select: { id: true } });
    const action = reason === 'LOGOUT' ? 'SIGN_OUT' : 'REVOKE';
    await noteFacts(
      tx,
      settings.database,
      by,
      ended.map(({ id }) => ({ action, table: 'sessions', id })),
    );
    return ended.length;
  });
}

/** Stores the hash of a session's refresh token. @returns its id. */
export async function addToken(
  tx: Transaction,
  settings: SessionSettings,
  { orgId, userId, sessionId }: SessionOwner,
  token: string,
): Promise<string> {
  const parsed = parseRefreshToken(token);
  if (!parsed) throw new Error('A token that was just made must parse.');
  const now = settings.now();
  const moments = { createdAt: new Date(now), expiresAt: new Date(now + settings.idleSeconds * 1000) };
  const { id } = await tx.refreshToken.create({
    data: { orgId, userId, sessionId, tokenHash: parsed.hash, ...moments },
    select: { id: true },
  });
  return id;
}
