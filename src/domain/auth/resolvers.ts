import type { GraphQLResolveInfo } from 'graphql';
import { sessionEnded } from '../../errors.js';
import type { Resolvers } from '../../generated/graphql.js';
import { getViewer } from '../users/users.js';
import { login, refresh, type SignedIn } from './auth.js';
import { endSessions, type Origin } from './sessions.js';
import { checkIsSignedIn, type Caller, type SignedInCaller } from '../../caller.js';
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
      const visit = context.visit(info);
      const account = input.email.trim().toLowerCase();
      const attempt = (): Promise<SignedIn> => login(context.door, input, visit);
      const session = await context.door.throttle.login(account, context.address, attempt);
      return context.signedIn(session, input.transport === 'COOKIE');
    },
    refreshToken: async (_, { refreshToken }, context, info) => {
      const visit = context.visit(info);
      const token = refreshToken ?? context.cookie.read();
      if (!token) throw sessionEnded();
      const session = await context.door.throttle.guess('refreshAddress', context.address, () =>
        refresh(context.door, token, visit),
      );
      return context.signedIn(session, !refreshToken);
    },
    logout: async (_, __, context, info) => {
      context.cookie.clear();
      const by = signedOut(context, info);
      return { endedSessions: await endSessions(context.door, by, by.caller.via.sessionId, 'LOGOUT') };
    },
    logoutEverywhere: async (_, __, context, info) => {
      context.cookie.clear();
      return { endedSessions: await endSessions(context.door, signedOut(context, info), null, 'LOGOUT') };
    },
    revokeSession: async (_, { id }, context, info) => {
      const by = signedOut(context, info);
      return { endedSessions: isUuid(id) ? await endSessions(context.door, by, id, 'REVOKED') : 0 };
    },
  },
  AuthPayload: {
    accessToken: ({ token }) => token,
    accessTokenExpiresAt: ({ expiresAt }) => new Date(expiresAt).toISOString(),
    accessTokenExpiresIn: ({ expiresAt }, _, { door }) => Math.max(0, Math.round((expiresAt - door.now()) / 1000)),
    user: (_, __, { reader }) => getViewer(reader),
  },
  Session: { isCurrent: (session, _, { caller }) => caller.via.kind === 'SESSION' && session.id === caller.via.sessionId },
};

/** Who ends sessions of theirs, and from where. @throws DomainError FORBIDDEN for an API key. */
function signedOut(
  context: { caller: Caller; origin: (info: GraphQLResolveInfo) => Origin },
  info: GraphQLResolveInfo,
): { caller: SignedInCaller; origin: Origin } {
  return { caller: checkIsSignedIn(context.caller), origin: context.origin(info) };
}

async function listRunning(reader: Reader, now: number): Promise<SessionRow[]> {
  const sessions = (await reader.embedded('sessions', 'userId', reader.caller.userId, 'createdAt')) as SessionRow[];
  return sessions.filter((session) => session.endedAt === null && Date.parse(session.expiresAt) > now).reverse();
}
