import type { Templates } from './index.js';
import { duration, named } from './words.js';

const valid = (minutes: number): string => {
  const units = { day: ['Tag', 'Tagen'], hour: ['Stunde', 'Stunden'], minute: ['Minute', 'Minuten'] } as const;
  return `Der Link gilt einmal, innerhalb von ${duration(minutes, units).replace('1 Tag', 'einem Tag').replace(/^1 /, 'einer ')}.`;
};
const NOT_YOU = 'Waren Sie das nicht, müssen Sie nichts tun: Ohne den Link geschieht nichts.';

export const german: Templates = {
  confirmRegistration: ({ organization, link, validMinutes }) => ({
    subject: 'Bestätigen Sie Ihre E-Mail-Adresse',
    greeting: 'Willkommen bei Pulse,',
    paragraphs: [
      `jemand, vermutlich Sie, hat mit dieser Adresse „${named(organization)}“ gegründet. Bestätigen Sie sie, dann geht es los.`,
    ],
    action: { label: 'Bestätigen und beginnen', link },
    notes: [valid(validMinutes), NOT_YOU],
  }),
  alreadyRegistered: ({ link }) => ({
    subject: 'Sie haben schon ein Konto',
    greeting: 'Guten Tag,',
    paragraphs: [
      'jemand, vermutlich Sie, wollte sich mit dieser Adresse registrieren. Sie hat schon ein Konto: Melden Sie sich damit an.',
    ],
    action: { label: 'Anmelden', link },
    notes: ['Haben Sie Ihr Passwort vergessen, fordern Sie dort ein neues an. Waren Sie das nicht, hat sich nichts geändert.'],
  }),
  invitation: ({ inviter, organization, link, validMinutes }) => ({
    subject: `${named(inviter)} lädt Sie zu ${named(organization)} ein`,
    greeting: 'Guten Tag,',
    paragraphs: [`${named(inviter)} lädt Sie ein, bei „${named(organization)}“ mit Pulse zu arbeiten.`],
    action: { label: 'Einladung annehmen', link },
    notes: [valid(validMinutes), 'Wissen Sie nicht, wer das ist, beachten Sie diese E-Mail nicht.'],
  }),
  invitationForMember: ({ inviter, organization }) => ({
    subject: `${named(inviter)} lädt Sie zu ${named(organization)} ein`,
    greeting: 'Guten Tag,',
    paragraphs: [
      `${named(inviter)} lädt Sie ein, bei „${named(organization)}“ mit Pulse zu arbeiten.`,
      'Diese Adresse hat schon ein Konto in einer Organisation, und eine Adresse gehört zu einer Organisation. Um beizutreten, nennen Sie dort eine andere Adresse.',
    ],
    notes: ['Dass Sie ein Konto haben, wurde nicht verraten.'],
  }),
  resetPassword: ({ firstName, link, validMinutes }) => ({
    subject: 'Wählen Sie ein neues Passwort',
    greeting: `Guten Tag ${named(firstName)},`,
    paragraphs: ['jemand, vermutlich Sie, hat ein neues Passwort für Ihr Konto angefordert.'],
    action: { label: 'Neues Passwort wählen', link },
    notes: [valid(validMinutes), NOT_YOU],
  }),
  noAccount: () => ({
    subject: 'Zu dieser Adresse gibt es kein Konto',
    greeting: 'Guten Tag,',
    paragraphs: [
      'jemand, vermutlich Sie, hat ein neues Passwort angefordert, und diese Adresse hat kein Konto bei Pulse. Vielleicht haben Sie sich mit einer anderen angemeldet.',
    ],
    notes: ['Waren Sie das nicht, beachten Sie diese E-Mail nicht.'],
  }),
  confirmEmail: ({ firstName, link, validMinutes }) => ({
    subject: 'Bestätigen Sie Ihre neue E-Mail-Adresse',
    greeting: `Guten Tag ${named(firstName)},`,
    paragraphs: ['bestätigen Sie, dass dies Ihre neue Adresse ist. Bis dahin melden Sie sich mit der alten an.'],
    action: { label: 'Adresse bestätigen', link },
    notes: [valid(validMinutes), NOT_YOU],
  }),
  emailChanged: ({ firstName }) => ({
    subject: 'Ihre E-Mail-Adresse wurde geändert',
    greeting: `Guten Tag ${named(firstName)},`,
    paragraphs: ['Ihr Konto hat eine neue E-Mail-Adresse. Mit dieser kann man sich nicht mehr anmelden.'],
    notes: ['Waren Sie das nicht, sagen Sie es sofort der Verwaltung Ihrer Organisation.'],
  }),
  passwordChanged: ({ firstName }) => ({
    subject: 'Ihr Passwort wurde geändert',
    greeting: `Guten Tag ${named(firstName)},`,
    paragraphs: ['Ihr Konto hat ein neues Passwort, und seine anderen Sitzungen sind beendet.'],
    notes: ['Waren Sie das nicht, fordern Sie sofort ein neues Passwort an und sagen Sie es der Verwaltung Ihrer Organisation.'],
  }),
  sessionStolen: ({ firstName, device, link }) => ({
    subject: 'Eine Ihrer Sitzungen wurde zur Sicherheit beendet',
    greeting: `Guten Tag ${named(firstName)},`,
    paragraphs: [
      'zwei Geräte haben dieselbe Sitzung benutzt. Das geschieht, wenn sie kopiert worden ist. Die Sitzung wurde beendet; Ihre anderen Geräte sind weiter angemeldet.',
      ...(device ? [`Sie begann auf: ${named(device)}`] : []),
      'Melden Sie sich neu an und ändern Sie Ihr Passwort. Geschieht das wieder, suchen Sie auf dem Gerät nach Schadsoftware.',
    ],
    action: { label: 'Anmelden', link },
    notes: [],
  }),
};
