import { systemCaller } from '../../caller.js';
import { enqueuer, noteFacts, type Transaction } from '../../db/index.js';
import { sessionEnded, unauthenticated } from '../../errors.js';
import { sendMail } from '../mail/mail.js';
import { makeRefreshToken, openSuccessor, parseRefreshToken, sealSuccessor, type ParsedToken } from './refresh-tokens.js';
import { judge, type Verdict } from './rules.js';
import { addToken, type Issued, type Origin, type SessionOwner, type SessionSettings } from './sessions.js';

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
  if (verdict === 'THEFT') await endStolen(tx, settings, issued.session, origin);
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

async function endStolen(
  tx: Transaction,
  settings: SessionSettings,
  { orgId, sessionId }: SessionOwner,
  origin: Origin,
): Promise<void> {
  const data = { endedAt: new Date(settings.now()), endReason: 'THEFT' as const };
  await tx.session.updateMany({ where: { orgId, id: sessionId }, data });
  await sendMail(enqueuer(tx), { mail: 'sessionStolen', id: sessionId });
  // Which of the two clients has stolen it is not known, so neither is who did this.
  const by = { caller: systemCaller(orgId), origin };
  await noteFacts(tx, settings.database, by, [{ action: 'TOKEN_THEFT', table: 'sessions', id: sessionId }]);
}
