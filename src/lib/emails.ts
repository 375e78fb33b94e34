import { domainToUnicode } from 'node:url';

/**
 * An e-mail address in the form it is stored and compared in: without space around it, in lower case, an international domain in
 * its own letters. Upper and lower case before the @ could mean two mailboxes, but no provider has it so.
 */
export function normalEmail(typed: string): string {
  const text = typed.trim().normalize('NFC').toLowerCase();
  const at = text.lastIndexOf('@');
  const domain = text.slice(at + 1);
  if (!/(^|\.)xn--/.test(domain)) return text;
  return `${text.slice(0, at + 1)}${domainToUnicode(domain) || domain}`;
}
