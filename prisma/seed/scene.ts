import type { Faker } from '@faker-js/faker';
import { phoneForms } from '../../src/lib/phones.js';
import { uuidV7 } from './ids.js';
import type { Language } from './phrases/language.js';

/** What every generator of one demo organization needs. */
export interface Scene {
  faker: Faker;
  language: Language;
  slug: string;
  orgId: string;
  passwordHash: string;
  /** Midnight of the day of seeding; nothing that has happened is later. */
  today: number;
  /** Phone numbers and e-mail addresses given away so far. */
  taken: Set<string>;
}

/** A new id for a row made at that moment. */
export function newId(faker: Faker, createdAt: number): string {
  const { number } = faker;
  return uuidV7(createdAt, number.int({ max: 0xfff }), number.int({ max: 0x3fff_ffff }), number.int({ max: 0xffff_ffff }));
}

/** True once in `1 / probability` times. */
export function chance(faker: Faker, probability: number): boolean {
  return faker.datatype.boolean({ probability });
}

/** One of the values, each as likely as its weight. */
export function weighted<Value>(faker: Faker, choices: [Value, number][]): Value {
  return faker.helpers.weightedArrayElement(choices.map(([value, weight]) => ({ value, weight })));
}

/** Tries until the text is new within the organization. */
export function unique(scene: Scene, make: (attempt: number) => string): string {
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    const text = make(attempt);
    if (scene.taken.has(text)) continue;
    scene.taken.add(text);
    return text;
  }
  throw new Error('The phrase tables of the demo data are too small: no new combination was found.');
}

/** A phone number of one of the patterns, `#` being a digit. */
export function phoneNumber(scene: Scene, patterns: string[]): string {
  const { helpers, number } = scene.faker;
  return unique(scene, () => helpers.arrayElement(patterns).replaceAll('#', () => String(number.int({ max: 9 }))));
}

/** A phone number as contacts and companies keep it. */
export function phoneColumns(phone: string | null): {
  phone: string | null;
  phone_e164: string | null;
  phone_digits: string | null;
} {
  const { e164, digits } = phone ? phoneForms(phone, null) : { e164: null, digits: null };
  return { phone, phone_e164: e164, phone_digits: digits };
}

/** The text as it can stand in a domain or an e-mail address. */
export function asciiOf(text: string): string {
  return [...text.toLowerCase()]
    .map((letter) => LETTERS[letter] ?? letter)
    .join('')
    .normalize('NFD')
    .replace(/[\u0300-\u036f’']/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

const LETTERS: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', ı: 'i', ł: 'l' };
