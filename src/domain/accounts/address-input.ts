import { invalid } from '../../errors.js';
import { normalEmail } from '../../lib/emails.js';
import { changesFrom, emailFault } from '../input.js';

/** An address as accounts have it. @throws DomainError INVALID_INPUT for what is none. */
export function addressFrom(typed: string, path: readonly string[]): string {
  const field = path.at(-1) ?? '';
  changesFrom({ [field]: typed.trim() }, { [field]: { required: true, longest: 254, fault: emailFault } }, path.slice(0, -1));
  const email = normalEmail(typed);
  if (email.length > 254) throw invalid([...path], 'At most 254 characters, please.', 'INVALID');
  return email;
}
