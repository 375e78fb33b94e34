import type { Changes, Writer } from '../db/index.js';
import type { TextForms } from '../db/graph.js';
import { normalEmail } from '../lib/emails.js';
import { digitsOf, international, isPartOfPhone, phoneForms } from '../lib/phones.js';
import { homeCountry } from './organizations/organizations.js';

/** A phone number stays as it was typed; beside it go the forms that it is dialled and found by. */
export async function withPhoneForms(writer: Writer, changes: Changes): Promise<Changes> {
  const { phone } = changes;
  if (phone === undefined) return changes;
  if (typeof phone !== 'string') return { ...changes, phoneE164: null, phoneDigits: null };
  const { e164, digits } = phoneForms(phone, await homeCountry(writer));
  return { ...changes, phoneE164: e164, phoneDigits: digits };
}

/** Filters find an e-mail address however it is written. */
export const EMAIL_FORMS: TextForms = {
  fields: ['email'],
  whole: (typed) => [['email', normalEmail(typed)]],
  part: (typed) => [['email', typed.trim()]],
};

/** Filters find a phone number in any notation: with or without country code, spaces, brackets. */
export const PHONE_FORMS: TextForms = {
  fields: ['phone', 'phoneE164', 'phoneDigits'],
  whole: (typed) => {
    const { e164, digits } = phoneForms(typed, null);
    if (e164) return [['phoneE164', e164]];
    if (digits && isPartOfPhone(typed))
      return [
        ['phoneDigits', digits],
        ['phoneE164', `+${digits}`],
      ];
    return [['phone', typed.trim()]];
  },
  part: (typed) => {
    const digits = digitsOf(typed) ?? '';
    if (!isPartOfPhone(typed)) return [['phone', typed]];
    if (international(typed).startsWith('+'))
      return [
        ['phone', typed],
        ['phoneE164', `+${digits}`],
      ];
    return [
      ['phone', typed],
      ['phoneDigits', digits],
      ['phoneE164', digits],
    ];
  },
};
