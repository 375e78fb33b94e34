import { v7 as uuidv7 } from 'uuid';
import type { Changes } from '../db/index.js';
import { DomainError, invalid, type FieldError } from '../errors.js';
import { isUuid } from '../lib/uuid.js';

/** What a text or list field of an input may hold. Fields without a rule hold what their scalar allows. */
export interface FieldRule {
  /** Cannot be cleared, and no blank text. */
  required?: true;
  /** Characters at most; of each item for a list. */
  longest?: number;
  /** Items at most. */
  most?: number;
  /** The id of another record: whether there is one, the database says; one that is no UUID is like one that never existed. */
  reference?: true;
  /** What null stands for, where the column cannot be null. */
  cleared?: unknown;
  /** The form a text, or each of a list, is stored in; null: it says nothing. */
  normal?: (text: string) => string | null;
  /** Why a text is not acceptable, as a sentence; null when it is. */
  fault?: (text: string) => string | null;
}

/** Another record. */
export const REFERENCE: FieldRule = { reference: true };

/** The fields that an input may set, each with its rule. */
export type FieldRules = Record<string, FieldRule>;

/**
 * The changes that an input asks for: absent keeps, null clears.
 *
 * @param path of the input, from the mutation's arguments down.
 * @throws DomainError INVALID_INPUT naming every field that is wrong.
 */
export function changesFrom(input: object, rules: FieldRules, path: readonly string[] = ['input']): Changes {
  const faults: FieldError[] = [];
  const changes: Changes = {};
  for (const [field, rule] of Object.entries(rules)) {
    const given = (input as Record<string, unknown>)[field];
    if (given === undefined) continue;
    const value = normalForm(given, rule);
    const message = faultOf(value, rule);
    if (message) faults.push({ path: [...path, field], code: 'INVALID', message });
    changes[field] = value === null && 'cleared' in rule ? rule.cleared : value;
  }
  const [first] = faults;
  if (first) throw new DomainError('INVALID_INPUT', first.message, { fields: faults });
  return changes;
}

/** The id of a new record: the client's, or one of ours. @throws DomainError INVALID_INPUT for one that is no UUID. */
export function newId(input: { id?: string | null | undefined }): string {
  if (input.id === null || input.id === undefined) return uuidv7();
  if (!isUuid(input.id)) throw invalid(['input', 'id'], 'An id is a UUID, for example one of version 7.', 'INVALID');
  return input.id.toLowerCase();
}

function normalForm(given: unknown, { normal }: FieldRule): unknown {
  if (!normal) return given;
  if (Array.isArray(given)) return (given as unknown[]).map((item) => (typeof item === 'string' ? (normal(item) ?? '') : item));
  return typeof given === 'string' ? normal(given) : given;
}

function faultOf(value: unknown, rule: FieldRule): string | null {
  if (value === null) return rule.required ? 'This cannot be empty.' : null;
  if (rule.reference) return null;
  if (Array.isArray(value)) return listFault(value, rule);
  return typeof value === 'string' ? textFault(value, rule) : null;
}

function listFault(items: unknown[], rule: FieldRule): string | null {
  if (rule.most !== undefined && items.length > rule.most) return `At most ${rule.most} of these, please.`;
  if (new Set(items).size < items.length) return 'Each of these may be there once.';
  return (
    items.map((item) => (typeof item === 'string' ? textFault(item, { ...rule, required: true }) : null)).find(Boolean) ?? null
  );
}

/** Why a text is not acceptable, as a sentence; null when it is. */
export function textFault(text: string, rule: FieldRule): string | null {
  if (text.includes('\0')) return 'This contains a NUL character, which no text here can.';
  if (LONE_SURROGATE.test(text)) return 'This contains half a character (a lone surrogate), which no text here can.';
  if (rule.required && text.trim() === '') return 'This cannot be empty.';
  if (rule.longest !== undefined && text.length > rule.longest)
    return `At most ${rule.longest} characters, please; there are ${text.length}.`;
  return rule.fault?.(text) ?? null;
}

/** PostgreSQL's UTF-8 has no place for them. */
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** Without the space around it; a blank text says nothing. */
export function trimmed(text: string): string | null {
  return text.trim() || null;
}

/** Why an e-mail address is none; whether it works, only a mail can tell. */
export function emailFault(text: string): string | null {
  return /^[^\s@]+@[^\s@]+$/.test(text) ? null : 'This is no e-mail address.';
}
