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

/** A letter in words. */
export function write<Name extends MailName>(
  name: Name,
  { locale, values }: Letter<Name>,
): { subject: string; text: string; html: string; link: string | null } {
  const templates: Templates = locale === 'DE' ? german : english;
  const words = templates[name](values);
  return {
    subject: words.subject.replace(/\s+/g, ' '),
    text: textOf(words),
    html: htmlOf(words, locale.toLowerCase()),
    link: words.action?.link ?? null,
  };
}
