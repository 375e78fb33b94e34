import { v7 as uuidv7 } from 'uuid';
import { systemCaller, type SignedInCaller } from '../../caller.js';
import { enqueuer, noteFacts, type Database, type Transaction, type WriteRequest } from '../../db/index.js';
import { sessionEnded, unauthenticated } from '../../errors.js';
import { sendMail } from '../mail/mail.js';
import { makeRefreshToken, openSuccessor, parseRefreshToken, sealSuccessor, type ParsedToken } from './refresh-tokens.js';
import { judge, type Verdict } from './rules.js';

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

/**
 * Takes a refresh token and answers its successor: a new one at its first use, the same one again while nobody has used it.
 * A token that two clients hold ends the session.
 *
 * @throws DomainError SESSION_ENDED; UNAUTHENTICATED when a newer token of the same client is in use.
 */
export async function refreshSession(settings: SessionSettings, token: string, origin: Origin): Promise<Issued> {
  const parsed = parseRefreshToken(token);
  if (!parsed) throw sessionEnded();
  const outcome = await settings.database.write(parsed.orgId, (tx) => present(tx, settings, parsed, origin));
  // Only now: a session that ends here must stay ended.
  if (outcome === 'SUPERSEDED') throw unauthenticated('A newer refresh token of this session is in use. Take that one.');
  if (typeof outcome === 'string') throw sessionEnded();
  return outcome;
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

type Refusal = Exclude<Verdict, 'ROTATE' | 'REPEAT'>;

async function present(
  tx: Transaction,
  settings: SessionSettings,
  { orgId, hash, secret }: ParsedToken,
  origin: Origin,
): Promise<Issued | Refusal> {
  const found = await tx.refreshToken.findUnique({
    where: { orgId_tokenHash: { orgId, tokenHash: hash } },
    select: { id: true, sessionId: true, userId: true },
  });
  if (!found) return 'EXPIRED';
  const now = settings.now();
  const { userId, sessionId, id } = found;
  // First, because it locks: whoever presents a token of the same session waits, and then sees what became of it.
  const live = {
    orgId,
    id: sessionId,
    endedAt: null,
    expiresAt: { gt: new Date(now) },
    user: { isActive: true, deletedAt: null },
  };
  const { count } = await tx.session.updateMany({ where: live, data: { lastUsedAt: new Date(now) } });
  if (count === 0) return 'EXPIRED';
  const token = await tx.refreshToken.findUniqueOrThrow({
    where: { orgId_id: { orgId, id } },
    include: { session: { select: { expiresAt: true } }, successor: { include: { successor: true } } },
  });
  const verdict = judge(linkOf(token), now);
  const issued = { session: { orgId, userId, sessionId }, sessionExpires: token.session.expiresAt };
  if (verdict === 'ROTATE') return { ...issued, refreshToken: await rotate(tx, settings, found, { orgId, secret }) };
  if (verdict === 'REPEAT' && token.sealedSuccessor)
    return { ...issued, refreshToken: openSuccessor(secret, token.sealedSuccessor) };
  if (verdict === 'THEFT') {
    await tx.session.updateMany({ where: { orgId, id: sessionId }, data: { endedAt: new Date(now), endReason: 'THEFT' } });
    await sendMail(enqueuer(tx), { mail: 'sessionStolen', id: sessionId });
    // Which of the two clients has stolen it is not known, so neither is who did this.
    const by = { caller: systemCaller(orgId), origin };
    await noteFacts(tx, settings.database, by, [{ action: 'TOKEN_THEFT', table: 'sessions', id: sessionId }]);
  }
  return verdict === 'REPEAT' ? 'EXPIRED' : verdict;
}

interface StoredLink {
  usedAt: Date | null;
  expiresAt: Date;
  successor: { usedAt: Date | null; successor: { usedAt: Date | null } | null } | null;
}

function linkOf({ usedAt, expiresAt, successor }: StoredLink): Parameters<typeof judge>[0] {
  return {
    usedAt: usedAt?.getTime() ?? null,
    expiresAt: expiresAt.getTime(),
    successor: successor && {
      usedAt: successor.usedAt?.getTime() ?? null,
      successorUsedAt: successor.successor?.usedAt?.getTime() ?? null,
    },
  };
}

async function rotate(
  tx: Transaction,
  settings: SessionSettings,
  used: { id: string; userId: string; sessionId: string },
  key: { orgId: string; secret: Buffer },
): Promise<string> {
  const { orgId, secret } = key;
  const successor = makeRefreshToken(orgId);
  const successorId = await addToken(tx, settings, { ...used, orgId }, successor);
  const usedAt = new Date(settings.now());
  await tx.refreshToken.updateMany({
    where: { orgId, id: used.id },
    data: { usedAt, successorId, sealedSuccessor: sealSuccessor(secret, successor) },
  });
  // Its predecessor's lost answer has evidently arrived.
  await tx.refreshToken.updateMany({ where: { orgId, successorId: used.id }, data: { sealedSuccessor: null } });
  return successor;
}

async function addToken(
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
