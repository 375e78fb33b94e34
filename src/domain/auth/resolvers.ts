import type { Resolvers } from '../../generated/graphql.js';
import { getViewer } from '../users/users.js';
import { login } from './auth.js';

/** Root fields that need no caller. Everything else answers a visitor UNAUTHENTICATED (test/every-field.test.ts). */
export const PUBLIC_FIELDS: readonly string[] = ['Mutation.login'];

export const authResolvers: Resolvers = {
  Mutation: {
    login: async (_, { input }, context, info) => {
      context.refuseIdempotency(info);
      const signedIn = await login(context.door, input);
      context.enter(signedIn.caller);
      return signedIn;
    },
  },
  AuthPayload: {
    accessToken: ({ token }) => token,
    accessTokenExpiresAt: ({ expiresAt }) => new Date(expiresAt).toISOString(),
    accessTokenExpiresIn: ({ expiresAt }, _, { door }) => Math.max(0, Math.round((expiresAt - door.now()) / 1000)),
    refreshToken: () => null,
    user: (_, __, { reader }) => getViewer(reader),
  },
};
