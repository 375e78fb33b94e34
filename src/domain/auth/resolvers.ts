import { sessionEnded } from '../../errors.js';
import type { Resolvers } from '../../generated/graphql.js';
import { getViewer } from '../users/users.js';
import { login, refresh, type SignedIn } from './auth.js';
import { endSessions } from './sessions.js';
import { checkIsSignedIn } from '../../caller.js';
import type { Reader } from '../../db/index.js';
import { isUuid } from '../../lib/uuid.js';
import type { SessionRow } from './graph.js';

/** Root fields that need no caller. Everything else answers a visitor UNAUTHENTICATED (test/every-field.test.ts). */
export const PUBLIC_AUTH_FIELDS: readonly string[] = ['Mutation.login', 'Mutation.refreshToken'];

export const authResolvers: Resolvers = {
  Query: {
    sessions: (_, __, { reader, door }) => {
      checkIsSignedIn(reader.caller);
      return listRunning(reader, door.now());
    },
  },
  Mutation: {
    login: async (_, { input }, context, info) => {
      context.refuseIdempotency(info);
      const account = input.email.trim().toLowerCase();
      const attempt = (): Promise<SignedIn> => login(context.door, input, context.device);
      const session = await context.door.throttle.login(account, context.address, attempt);
      return context.signedIn(session, input.transport === 'COOKIE');
    },
    refreshToken: async (_, { refreshToken }, context, info) => {
      context.refuseIdempotency(info);
      const token = refreshToken ?? context.cookie.read();
      if (!token) throw sessionEnded();
      const session = await context.door.throttle.guess('refreshAddress', context.address, () => refresh(context.door, token));
      return context.signedIn(session, !refreshToken);
    },
    logout: async (_, __, { caller, door, cookie }) => {
      cookie.clear();
      return { endedSessions: await endSessions(door, caller, checkIsSignedIn(caller).via.sessionId, 'LOGOUT') };
    },
    logoutEverywhere: async (_, __, { caller, door, cookie }) => {
      cookie.clear();
      return { endedSessions: await endSessions(door, checkIsSignedIn(caller), null, 'LOGOUT') };
    },
    revokeSession: async (_, { id }, { caller, door }) => ({
      endedSessions: isUuid(id) ? await endSessions(door, checkIsSignedIn(caller), id, 'REVOKED') : 0,
    }),
  },
  AuthPayload: {
    accessToken: ({ token }) => token,
    accessTokenExpiresAt: ({ expiresAt }) => new Date(expiresAt).toISOString(),
    accessTokenExpiresIn: ({ expiresAt }, _, { door }) => Math.max(0, Math.round((expiresAt - door.now()) / 1000)),
    user: (_, __, { reader }) => getViewer(reader),
  },
  Session: { isCurrent: (session, _, { caller }) => caller.via.kind === 'SESSION' && session.id === caller.via.sessionId },
};

async function listRunning(reader: Reader, now: number): Promise<SessionRow[]> {
  const sessions = (await reader.embedded('sessions', 'userId', reader.caller.userId, 'createdAt')) as SessionRow[];
  return sessions.filter((session) => session.endedAt === null && Date.parse(session.expiresAt) > now).reverse();
}
