import { isSupportedCountry, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/metadata.min';

/** What a phone number is compared by, however it was typed. */
export interface PhoneForms {
  /** As ITU-T E.164 writes it, for example `+49301234567`; null when the text is no number that can be dialled. */
  e164: string | null;
  /** Digits of the national form, `0301234567`; of the text itself when it is no number; null when it has none. */
  digits: string | null;
}

/** @param country where a number without a country code belongs, ISO 3166; null: such a number is not understood. */
export function phoneForms(typed: string, country: string | null): PhoneForms {
  const region = country !== null && isSupportedCountry(country as CountryCode, metadata) ? (country as CountryCode) : undefined;
  const number = parsePhoneNumberFromString(
    international(typed),
    { extract: false, ...(region && { defaultCountry: region }) },
    metadata,
  );
  if (!number?.isPossible()) return { e164: null, digits: digitsOf(typed) };
  // Parsed again without its extension, which would be part of the national form.
  const national = parsePhoneNumberFromString(number.number, metadata)?.formatNational() ?? number.nationalNumber;
  return { e164: number.number, digits: digitsOf(national) };
}

/** Whether a text is (part of) a number and nothing else. */
export function isPartOfPhone(text: string): boolean {
  return /^[\d\s()+./-]+$/.test(text) && (digitsOf(text)?.length ?? 0) >= 3;
}

/** The digits of a text; null when it has none. */
export function digitsOf(text: string): string | null {
  return text.normalize('NFKC').replace(/[^0-9]/g, '') || null;
}

/** Most of the world dials 00 for +. */
export function international(typed: string): string {
  return typed.trim().replace(/^00(?=[1-9])/, '+');
}
