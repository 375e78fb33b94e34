import { randomUUID } from 'node:crypto';
import { mailTokens } from '../../src/domain/auth/mail-tokens.js';

const tokens = mailTokens('a secret for tests only, long enough to be one');
const row = { orgId: randomUUID(), id: randomUUID() };
const token = tokens.make('resetPassword', row);

test('a token opens to what it was made for, and is the same whenever it is made', () => {
  expect(tokens.parse('resetPassword', token)).toEqual(row);
  expect(tokens.make('resetPassword', { orgId: row.orgId.toUpperCase(), id: row.id })).toBe(token);
  expect(token).toMatch(/^pmt\.resetPassword\.[0-9a-f-]{36}\.[0-9a-f-]{36}\.[\w-]{43}$/);
});

test('a token for another purpose, row, organization or key, or one that was edited, is worth nothing', () => {
  const [, , , , mac] = token.split('.');
  const wrong = [
    '',
    'pmt',
    token.slice(0, -1),
    `${token}x`,
    `${token}.`,
    token.toUpperCase(),
    `pmt.resetPassword.${row.orgId}.${randomUUID()}.${mac}`,
    `pmt.resetPassword.${randomUUID()}.${row.id}.${mac}`,
    `pmt.invitation.${row.orgId}.${row.id}.${mac}`,
    tokens.make('invitation', row),
    mailTokens('another secret for tests, long enough to be one').make('resetPassword', row),
    token.replace(/.$/, 'é'),
  ];
  for (const each of wrong) expect([each, tokens.parse('resetPassword', each)]).toEqual([each, null]);
  expect(tokens.parse('invitation', token)).toBeNull();
});
