import type { Letter, MailName, MailValues } from '../mail.js';
import { german } from './de.js';
import { english } from './en.js';
import { htmlOf, textOf } from './layout.js';
import type { Words } from './words.js';

/** A template a mail, in one language. It makes words, never HTML: the layout escapes them. */
export type Templates = { [Name in MailName]: (values: MailValues[Name]) => Words };

export function isMailName(name: string): name is MailName {
  return Object.hasOwn(english, name);
}

/** A letter in words: German where the organization's locale is, otherwise English. */
export function write<Name extends MailName>(
  name: Name,
  { locale, values }: Letter<Name>,
): { subject: string; text: string; html: string; link: string | null } {
  const language = /^de\b/i.test(locale) ? 'de' : 'en';
  const templates: Templates = language === 'de' ? german : english;
  const words = templates[name](values);
  return {
    subject: words.subject.replace(/\s+/g, ' '),
    text: textOf(words),
    html: htmlOf(words, language),
    link: words.action?.link ?? null,
  };
}
