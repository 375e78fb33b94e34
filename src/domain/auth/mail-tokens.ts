import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { isUuid } from '../../lib/uuid.js';

/** What a token stands for: a row, of an organization. */
export interface MailTokenRow {
  orgId: string;
  id: string;
}

/** One-use tokens for links in mails. They are derived and never stored; the row says whether one may still be used (docs/decisions/0014). */
export interface MailTokens {
  /** @param purpose letters only; a token for one purpose is worthless for another. */
  make(purpose: string, row: MailTokenRow): string;
  /** The row of a token that was made here for this purpose; null for any other text. */
  parse(purpose: string, token: string): MailTokenRow | null;
}

const PREFIX = 'pmt';

/** @see MailTokens */
export function mailTokens(secret: string): MailTokens {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'pulse mail tokens', 32));
  const make: MailTokens['make'] = (purpose, { orgId, id }) => {
    const text = [PREFIX, purpose, orgId.toLowerCase(), id.toLowerCase()].join('.');
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
  };
  const parse: MailTokens['parse'] = (purpose, token) => {
    const [, , orgId = '', id = ''] = token.split('.');
    if (!isUuid(orgId) || !isUuid(id)) return null;
    const row = { orgId: orgId.toLowerCase(), id: id.toLowerCase() };
    return isSame(token, make(purpose, row)) ? row : null;
  };
  return { make, parse };
}

function isSame(given: string, made: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(made)];
  return left.length === right.length && timingSafeEqual(left, right);
}
