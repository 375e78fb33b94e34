import { dictionary } from '@zxcvbn-ts/language-common';
import { invalid, type FieldError } from '../../errors.js';

export interface StrengthRules {
  leastLength: number;
  /** Names and addresses that are easy to guess for this person. */
  names: readonly string[];
}

/** Characters a password needs beside a name in it, and different ones at all. */
const LEAST_BESIDE_NAME = 8;
const LEAST_DIFFERENT = 5;
const SHORTEST_NAME = 3;
const PRODUCT = ['Pulse', 'Pulse CRM', 'pulsecrm'];
/** Runs along these, forwards or backwards, are the first thing that is tried. */
const ROWS = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiop', 'qwertzuiop', 'asdfghjkl', 'zxcvbnm', 'yxcvbnm'];
const SHORTEST_RUN = 3;

/**
 * Refuses what is guessed first: short passwords, the 50,000 most common ones and small changes of them, and names. There are
 * no rules on which kinds of characters there must be (NIST SP 800-63B, 5.1.1.2).
 *
 * @throws DomainError INVALID_INPUT with the code TOO_SHORT, COMMON or NAME.
 */
export function checkPasswordStrength(password: string, { leastLength, names }: StrengthRules, path: FieldError['path']): void {
  const length = [...password.normalize('NFKC')].length;
  if (length < leastLength)
    throw invalid(path, `A password needs at least ${leastLength} characters; this one has ${length}.`, 'TOO_SHORT');
  const readings = [password, withoutLeet(password), withoutLeet(password.replace(/\d+$/, ''))].map(plain);
  if (new Set(password).size < LEAST_DIFFERENT || readings.some(isCommon))
    throw invalid(path, 'This password is among the first that are tried. Take several unrelated words, for example.', 'COMMON');
  const known = [...PRODUCT, ...names].flatMap(partsOf);
  if (readings.some((reading) => leansOnNames(reading, known)))
    throw invalid(path, 'Leave names out of the password: yours, your e-mail address, your organization’s and Pulse’s.', 'NAME');
}

let common: ReadonlySet<string> | undefined;

function isCommon(text: string): boolean {
  common ??= new Set(dictionary['passwords-common'].map(plain));
  const core = text.replace(/^\d+|\d+$/g, '');
  return [text, core, unitOf(text), unitOf(core)].some((part) => common?.has(part)) || isRuns(text);
}

/** What a text is a repetition of; itself when it is none. */
function unitOf(text: string): string {
  const period = (text + text).indexOf(text, 1);
  return period > 0 ? text.slice(0, period) : text;
}

function isRuns(text: string): boolean {
  let rest = text;
  while (rest.length > 0) {
    const length = runLength(rest);
    if (length < SHORTEST_RUN) return false;
    rest = rest.slice(length);
  }
  return text.length > 0;
}

function runLength(text: string): number {
  let length = 0;
  for (const row of ROWS) {
    for (const line of [row, [...row].reverse().join('')]) {
      while (length < text.length && line.includes(text.slice(0, length + 1))) length += 1;
    }
  }
  return length;
}

function leansOnNames(text: string, names: readonly string[]): boolean {
  const rest = names.reduce((left, name) => left.replaceAll(name, ''), text);
  return rest.length < text.length && rest.length < LEAST_BESIDE_NAME;
}

/** A name as a whole and its words, longest first; what is too short stands in many honest passwords. */
function partsOf(name: string): string[] {
  const parts = [name, ...name.split(/[^\p{L}\p{N}]+/u)].map(plain).filter((part) => part.length >= SHORTEST_NAME);
  return [...new Set(parts)].sort((a, b) => b.length - a.length);
}

/** As people remember it: without case, accents, and anything but letters and digits. */
function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase();
}

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

function withoutLeet(text: string): string {
  return text.replace(/[013457@$!]/g, (character) => LEET[character] ?? character);
}
