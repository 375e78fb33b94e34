import { checkIsSignedIn, type SignedInCaller } from '../../caller.js';
import type { WriteRequest } from '../../db/index.js';
import type { Resolvers } from '../../generated/graphql.js';
import type { SignedIn } from '../auth/auth.js';
import { addressFrom } from './address-input.js';
import { changeEmail, confirmEmailChange } from './emails.js';
import { inviteUser, listInvitations, revokeInvitation } from './invitations.js';
import { acceptInvitation } from './joining.js';
import { changePassword, requestPasswordReset, resetPassword } from './passwords.js';
import { confirmRegistration, register } from './registrations.js';

/** Root fields that need no caller (test/every-field.test.ts). */
export const PUBLIC_ACCOUNT_FIELDS: readonly string[] = [
  'Mutation.register',
  'Mutation.confirmRegistration',
  'Mutation.acceptInvitation',
  'Mutation.requestPasswordReset',
  'Mutation.resetPassword',
  'Mutation.confirmEmailChange',
];

const ACCEPTED = { accepted: true };

export const accountResolvers: Resolvers = {
  Query: { invitations: (_, __, { reader, door }) => listInvitations(reader, door.now()) },
  Mutation: {
    register: async (_, { input }, context, info) => {
      context.refuseIdempotency(info);
      const email = addressFrom(input.email, ['input', 'email']);
      await context.door.throttle.mail({ registerAddress: context.address, registerAccount: email });
      await register(context.door, email, input);
      return ACCEPTED;
    },
    confirmRegistration: async (_, { input }, context, info) => {
      const attempt = (): Promise<SignedIn> => confirmRegistration(context.door, input, context.visit(info));
      const session = await context.door.throttle.guess('linkAddress', context.address, attempt);
      return context.signedIn(session, input.transport === 'COOKIE');
    },
    inviteUser: (_, { input: { email, role } }, context, info) =>
      context.write(info, async (request) => {
        const invited = { email: addressFrom(email, ['input', 'email']), role };
        await context.door.throttle.mail({ inviter: request.caller.userId, inviteAccount: invited.email });
        return inviteUser(request, invited, context.door.now());
      }),
    revokeInvitation: (_, { id, expectedVersion }, context, info) =>
      context.write(info, (request) => revokeInvitation(request, id, expectedVersion, context.door.now())),
    acceptInvitation: async (_, { input }, context, info) => {
      const attempt = (): Promise<SignedIn> => acceptInvitation(context.door, input, context.visit(info));
      const session = await context.door.throttle.guess('linkAddress', context.address, attempt);
      return context.signedIn(session, input.transport === 'COOKIE');
    },
    changePassword: (_, input, context, info) => {
      const signedIn = checkIsSignedIn(context.caller);
      context.refuseIdempotency(info);
      return context.write(info, (request) =>
        context.door.throttle.guess('passwordUser', signedIn.userId, () =>
          changePassword(context.door, as(signedIn, request), input),
        ),
      );
    },
    requestPasswordReset: async (_, { email }, context, info) => {
      context.refuseIdempotency(info);
      const account = addressFrom(email, ['email']);
      await context.door.throttle.mail({ resetAddress: context.address, resetAccount: account });
      await requestPasswordReset(context.door, account);
      return ACCEPTED;
    },
    resetPassword: async (_, { input }, context, info) => {
      const attempt = (): Promise<SignedIn> => resetPassword(context.door, input, context.visit(info));
      const session = await context.door.throttle.guess('linkAddress', context.address, attempt);
      return context.signedIn(session, input.transport === 'COOKIE');
    },
    changeEmail: async (_, { currentPassword, newEmail }, context, info) => {
      const signedIn = checkIsSignedIn(context.caller);
      context.refuseIdempotency(info);
      const input = { currentPassword, email: addressFrom(newEmail, ['newEmail']) };
      await context.door.throttle.mail({ emailAccount: signedIn.userId });
      await context.write(info, (request) =>
        context.door.throttle.guess('passwordUser', signedIn.userId, () =>
          changeEmail(context.door, as(signedIn, request), input),
        ),
      );
      return ACCEPTED;
    },
    confirmEmailChange: async (_, { token }, context, info) => ({
      email: await context.door.throttle.guess('linkAddress', context.address, () =>
        confirmEmailChange(context.door, token, context.visit(info)),
      ),
    }),
  },
};

function as(caller: SignedInCaller, request: WriteRequest): WriteRequest & { caller: SignedInCaller } {
  return { ...request, caller };
}
