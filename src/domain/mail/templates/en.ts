import type { Templates } from './index.js';
import { duration, named } from './words.js';

const valid = (minutes: number): string => {
  const units = { day: ['day', 'days'], hour: ['hour', 'hours'], minute: ['minute', 'minutes'] } as const;
  return `The link works once, within ${duration(minutes, units)}.`;
};
const NOT_YOU = 'If this was not you, there is nothing to do: without the link nothing happens.';

export const english: Templates = {
  confirmRegistration: ({ organization, link, validMinutes }) => ({
    subject: 'Confirm your e-mail address',
    greeting: 'Welcome to Pulse,',
    paragraphs: [`somebody, probably you, founded “${named(organization)}” with this address. Confirm it to begin.`],
    action: { label: 'Confirm and begin', link },
    notes: [valid(validMinutes), NOT_YOU],
  }),
  alreadyRegistered: ({ link }) => ({
    subject: 'You have an account already',
    greeting: 'Hello,',
    paragraphs: ['somebody, probably you, tried to register with this address. It has an account already: sign in with it.'],
    action: { label: 'Sign in', link },
    notes: ['If you forgot your password, ask for a new one there. If this was not you, nothing has changed.'],
  }),
  invitation: ({ inviter, organization, link, validMinutes }) => ({
    subject: `${named(inviter)} invites you to ${named(organization)}`,
    greeting: 'Hello,',
    paragraphs: [`${named(inviter)} invites you to work on Pulse with “${named(organization)}”.`],
    action: { label: 'Accept the invitation', link },
    notes: [valid(validMinutes), 'If you do not know who this is, ignore this mail.'],
  }),
  invitationForMember: ({ inviter, organization }) => ({
    subject: `${named(inviter)} invites you to ${named(organization)}`,
    greeting: 'Hello,',
    paragraphs: [
      `${named(inviter)} invites you to work on Pulse with “${named(organization)}”.`,
      'This address has an account in an organization already, and an address belongs to one organization. To join, tell them another address of yours.',
    ],
    notes: ['They were not told that you have an account.'],
  }),
  resetPassword: ({ firstName, link, validMinutes }) => ({
    subject: 'Choose a new password',
    greeting: `Hello ${named(firstName)},`,
    paragraphs: ['somebody, probably you, asked for a new password for your account.'],
    action: { label: 'Choose a new password', link },
    notes: [valid(validMinutes), NOT_YOU],
  }),
  noAccount: () => ({
    subject: 'There is no account with this address',
    greeting: 'Hello,',
    paragraphs: [
      'somebody, probably you, asked for a new password, and this address has no account at Pulse. Perhaps you signed up with another one.',
    ],
    notes: ['If this was not you, ignore this mail.'],
  }),
  confirmEmail: ({ firstName, link, validMinutes }) => ({
    subject: 'Confirm your new e-mail address',
    greeting: `Hello ${named(firstName)},`,
    paragraphs: ['confirm that this is your new address. Until then you sign in with the old one.'],
    action: { label: 'Confirm the address', link },
    notes: [valid(validMinutes), NOT_YOU],
  }),
  emailChanged: ({ firstName }) => ({
    subject: 'Your e-mail address was changed',
    greeting: `Hello ${named(firstName)},`,
    paragraphs: ['your account has a new e-mail address. This one cannot sign in any more.'],
    notes: ['If this was not you, tell an administrator of your organization at once.'],
  }),
  passwordChanged: ({ firstName }) => ({
    subject: 'Your password was changed',
    greeting: `Hello ${named(firstName)},`,
    paragraphs: ['your account has a new password, and its other sessions have ended.'],
    notes: ['If this was not you, ask for a new password at once, and tell an administrator of your organization.'],
  }),
  sessionStolen: ({ firstName, device, link }) => ({
    subject: 'A session of yours was ended for safety',
    greeting: `Hello ${named(firstName)},`,
    paragraphs: [
      'two devices used the same session, which happens when it has been copied. The session was ended; your other devices are still signed in.',
      ...(device ? [`It began on: ${named(device)}`] : []),
      'Sign in again and change your password. If this happens again, look for harmful software on the device.',
    ],
    action: { label: 'Sign in', link },
    notes: [],
  }),
};
