import { type DomainError } from '../src/errors.js';
import { checkPasswordStrength } from '../src/domain/auth/password-strength.js';
import { passwords } from '../src/domain/auth/passwords.js';
import { openStage, PASSWORD, type Stage } from './support/app.js';
import { SECRET } from './support/cluster.js';

const NAMES = ['Ada', 'Lovelace', 'Ada Lovelace', 'ada.lovelace@analytical.example', 'Jörg & Söhne GmbH'];

function verdict(password: string, leastLength = 12): string {
  try {
    checkPasswordStrength(password, { leastLength, names: NAMES }, ['input', 'password']);
    return 'good';
  } catch (error) {
    return (error as DomainError).details.fields?.[0]?.code ?? 'no fault';
  }
}

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const login = async (email: string, password: string, at = stage): Promise<string | undefined> =>
  (
    await at.send('mutation ($i: LoginInput!) { login(input: $i) { user { id } } }', {
      variables: { i: { email, password } },
    })
  ).errors?.[0]?.extensions.code;

test.each([
  ['elevenchars', 'TOO_SHORT'],
  ['👍👍👍👍👍👍', 'TOO_SHORT'],
  ['password1234', 'COMMON'],
  ['PassWord-1234', 'COMMON'],
  ['p@$$w0rd123456', 'COMMON'],
  ['2024sunshine2024', 'COMMON'],
  ['passwordpassword', 'COMMON'],
  ['aaaaaaaaaaaa', 'COMMON'],
  ['abcabcabcabc', 'COMMON'],
  ['qwertzuiopasdf', 'COMMON'],
  ['abcdefghijklm', 'COMMON'],
  ['987654321012345', 'COMMON'],
  ['------------', 'COMMON'],
  ['AdaLovelace1815', 'NAME'],
  ['a.d.a.l.o.v.e.l.a.c.e', 'NAME'],
  ['ada.lovelace@analytical.example', 'NAME'],
  ['4da-l0velace-99', 'NAME'],
  ['JorgSohne2026!', 'NAME'],
  ['jörgsöhnegmbh', 'NAME'],
  ['Pulse-CRM-2026', 'NAME'],
])('%s is refused: %s', (password, code) => {
  expect(verdict(password)).toBe(code);
});

test.each([
  'correct horse battery staple',
  'twelve chars',
  'maximumeffort',
  'only lower case words here',
  '834751902846',
  'impulsebuying spree',
  'ada likes the difference engine',
  'x'.repeat(5) + 'the quick brown fox'.repeat(20),
  'пароль из нескольких слов',
])('%s is good: no rules on kinds of characters', (password) => {
  expect(verdict(password)).toBe('good');
});

test('how long is a setting', () => {
  expect(verdict('brown fox jumps', 16)).toBe('TOO_SHORT');
  expect(verdict('brown fo', 8)).toBe('good');
});

test('a chosen password is checked before it is hashed, and all of it counts', async () => {
  const made = passwords({ pepper: SECRET, cost: 4, leastLength: 12 });
  await expect(made.hashChosen('password1234', [], ['input', 'password'])).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  const started = performance.now();
  await expect(made.hashChosen('x'.repeat(1_000_000), [], ['input', 'newPassword'])).rejects.toMatchObject({
    details: { fields: [{ path: ['input', 'newPassword'], code: 'TOO_LONG' }] },
  });
  expect(performance.now() - started).toBeLessThan(50);
  const long = 'the quick brown fox '.repeat(100);
  const hash = await made.hashChosen(long, [], ['input', 'password']);
  expect([await made.matches(long, hash), await made.matches(`${long.slice(0, -1)}x`, hash)]).toEqual([true, false]);
});

test('a hash says which scheme made it; one of no known scheme matches nothing', async () => {
  const made = passwords({ pepper: SECRET, cost: 4, leastLength: 12 });
  const hash = await made.hash('correct horse battery staple');
  expect(hash).toMatch(/^\$2b\$04\$/);
  for (const other of ['', 'correct horse battery staple', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA', hash.slice(1)])
    expect([await made.matches('correct horse battery staple', other), made.isOutdated(other)]).toEqual([false, true]);
});

test('signing in renews a hash of an older cost; a password that was changed meanwhile stays', async () => {
  const { users, id: orgId } = await stage.world.organization();
  const { email, id } = users.MEMBER;
  const dear = await openStage({ bcryptCost: 6, appUrl: stage.database.appUrl, signinUrl: stage.database.signinUrl });
  const stored = async (): Promise<{ password_hash: string; version: number }> =>
    (await stage.world.client.query('SELECT password_hash, version FROM users WHERE id = $1', [id])).rows[0];
  expect((await stored()).password_hash).toMatch(/^\$2b\$04\$/);
  expect(await login(email, 'not the password', dear)).toBe('INVALID_CREDENTIALS');
  expect(await login(email, PASSWORD, dear)).toBeUndefined();
  while ((await stored()).password_hash.startsWith('$2b$04$')) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await stored()).toEqual({ password_hash: expect.stringMatching(/^\$2b\$06\$/), version: 1 });
  expect([await login(email, PASSWORD), await login(email, 'not the password')]).toEqual([undefined, 'INVALID_CREDENTIALS']);
  const now = (await stored()).password_hash;
  await dear.app.database.renewHash({ orgId, userId: id, role: 'MEMBER', passwordHash: `${now.slice(0, -1)}.` }, 'another');
  expect((await stored()).password_hash).toBe(now);
  await dear.close();
});
