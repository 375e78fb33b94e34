import type { CustomFieldDefinition } from '../../db/index.js';
import { shortest } from '../../lib/decimal.js';
import { normalEmail } from '../../lib/emails.js';
import { emailFault, textFault, trimmed } from '../input.js';

/** What is stored, null for nothing, or why a value is none of its type. */
export type Judged = { value: string | string[] | null } | { fault: string };

type Definition = Pick<CustomFieldDefinition, 'type' | 'options'>;

const LONGEST = 2_000;
const LONGEST_EMAIL = 254;
const DECIMAL = /^-?\d{1,20}(\.\d{1,4})?$/;

/** What a value given for a field stands for. */
export function judgeValue(definition: Definition, given: unknown): Judged {
  if (given === null || given === undefined) return { value: null };
  if (definition.type === 'MULTI_SELECT') return judgeList(definition, given);
  if (typeof given !== 'string') return { fault: `Write this as a string, for example ${EXAMPLES[definition.type]}.` };
  const text = definition.type === 'EMAIL' ? normalEmail(given) : (trimmed(given) ?? '');
  if (text === '') return { value: null };
  const fault = textFault(text, { longest: definition.type === 'EMAIL' ? LONGEST_EMAIL : LONGEST }) ?? faultOf(definition, text);
  if (fault) return { fault };
  return { value: definition.type === 'NUMBER' ? shortest(text) : text };
}

const EXAMPLES: Record<Definition['type'], string> = {
  TEXT: '"Any text"',
  NUMBER: '"1234.50"',
  DATE: '"2026-03-01"',
  SELECT: 'the value of an option',
  MULTI_SELECT: 'a list of options’ values',
  URL: '"https://example.com"',
  EMAIL: '"anna@example.com"',
};

function faultOf({ type, options }: Definition, text: string): string | null {
  switch (type) {
    case 'NUMBER':
      return DECIMAL.test(text) ? null : 'This is no number like "1234.50": at most 20 digits before the point and 4 after it.';
    case 'DATE':
      return isDate(text) ? null : 'This is no date like "2026-03-01".';
    case 'SELECT':
      return options.some(({ value }) => value === text) ? null : notAnOption(options);
    case 'URL':
      return isWebAddress(text) ? null : 'This is no web address like "https://example.com".';
    case 'EMAIL':
      return emailFault(text);
    default:
      return null;
  }
}

function judgeList({ options }: Definition, given: unknown): Judged {
  if (!Array.isArray(given)) return { fault: `Write this as ${EXAMPLES.MULTI_SELECT}.` };
  const items = given as unknown[];
  const known = new Set<unknown>(options.map(({ value }) => value));
  if (items.some((item) => !known.has(item))) return { fault: notAnOption(options) };
  if (new Set(items).size < items.length) return { fault: 'Each option may be there once.' };
  return { value: items.length === 0 ? null : (items as string[]) };
}

function notAnOption(options: Definition['options']): string {
  const values = options.map(({ value }) => value);
  return `This is none of the options: ${values.slice(0, 20).join(', ')}${values.length > 20 ? ' …' : ''}.`;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text.startsWith('0000')) return false;
  const date = new Date(`${text}T00:00:00.000Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\/\S+$/i.test(text) && URL.canParse(text);
}
