import { openStage, PASSWORD, type Answer, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import type { Organization } from './support/world.js';
import type pg from 'pg';

let stage: Stage;
let org: Organization;
let admin: pg.Client;

beforeAll(async () => {
  stage = await openStage({ throttleScale: 1, trustProxy: 1 });
  admin = await connect(stage.database.ownerUrl);
});
beforeEach(async () => {
  org = await stage.world.organization();
  await admin.query('DELETE FROM throttle.attempts');
});
afterAll(async () => {
  await admin.end();
  await stage.close();
});

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { refreshToken } }';

/** A request from an address, as the proxy in front tells it. */
async function from(address: string, query: string, variables: Record<string, unknown>, token?: string): Promise<Answer> {
  const response = await fetch(`${stage.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': address,
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const body = await response.text();
  return { ...(JSON.parse(body) as Answer), status: response.status, headers: response.headers, body };
}

const codeOf = ({ errors }: Answer): string => errors?.[0]?.extensions.code ?? 'fine';
const waitOf = ({ errors }: Answer): number => errors?.[0]?.extensions.retryAfterSeconds ?? 0;
const login = (email: string, password: string, address = '192.0.2.1'): Promise<Answer> =>
  from(address, LOGIN, { input: { email, password } });

async function codesOf(times: number, attempt: (index: number) => Promise<Answer>): Promise<string[]> {
  const codes: string[] = [];
  for (let index = 0; index < times; index += 1) codes.push(codeOf(await attempt(index)));
  return codes;
}

/** Time goes by for what is counted. */
const later = (seconds: number): Promise<unknown> =>
  admin.query('UPDATE throttle.attempts SET expire = expire - $1', [seconds * 1000]);

test('guessing at an account is stopped after five times, and each further round has to wait twice as long', async () => {
  const { email } = org.users.MEMBER;
  const waits: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    expect(await codesOf(5, () => login(email, 'wrong'))).toEqual(Array(5).fill('INVALID_CREDENTIALS'));
    const refused = await login(email, PASSWORD);
    expect(codeOf(refused)).toBe('RATE_LIMITED');
    waits.push(waitOf(refused));
    expect(waitOf(await login(email, PASSWORD))).toBeLessThanOrEqual(waitOf(refused));
    await later(waitOf(refused));
  }
  expect(waits).toEqual([30, 60, 120]);
  expect(codeOf(await login(email, PASSWORD))).toBe('fine');
  expect(await codesOf(5, () => login(email, 'wrong'))).toEqual(Array(5).fill('INVALID_CREDENTIALS'));
  expect(waitOf(await login(email, 'wrong'))).toBe(30);
});

test('aliases in one document are attempts like any others', async () => {
  const { email } = org.users.MEMBER;
  const fields = Array.from({ length: 8 }, (_, n) => `a${n}: login(input: $input) { refreshToken }`).join(' ');
  const { errors } = await from('192.0.2.2', `mutation ($input: LoginInput!) { ${fields} }`, {
    input: { email, password: 'wrong' },
  });
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual([
    ...Array<string>(5).fill('INVALID_CREDENTIALS'),
    ...Array<string>(3).fill('RATE_LIMITED'),
  ]);
});

test('an account that does not exist is throttled as one that does', async () => {
  const attempts = (email: string): Promise<string[]> => codesOf(7, () => login(email, 'wrong', '192.0.2.3'));
  expect(await attempts('nobody@example.com')).toEqual(await attempts(org.users.ADMIN.email.toUpperCase()));
});

test('whoever guesses from many addresses cannot lock out the owner where the owner has signed in before', async () => {
  const { email } = org.users.OWNER;
  expect(codeOf(await login(email, PASSWORD, '198.51.100.7'))).toBe('fine');
  const codes = await codesOf(60, (index) => login(email, 'wrong', `203.0.113.${index}`));
  expect(codes.slice(0, 50)).toEqual(Array(50).fill('INVALID_CREDENTIALS'));
  expect(codes.slice(50)).toEqual(Array(10).fill('RATE_LIMITED'));
  expect(codeOf(await login(email, PASSWORD, '198.51.100.7'))).toBe('fine');
  expect(codeOf(await login(email, PASSWORD, '198.51.100.8'))).toBe('RATE_LIMITED');
});

test('an address that tries many accounts is stopped, and an IPv6 network counts as one address', async () => {
  const codes = await codesOf(103, (index) =>
    login(`somebody-${index}@example.com`, 'wrong', `2001:db8:1:2::${index.toString(16)}`),
  );
  expect(codes.indexOf('RATE_LIMITED')).toBe(100);
  expect(codeOf(await login(org.users.MEMBER.email, PASSWORD, '2001:db8:1:2:3:4:5:6'))).toBe('RATE_LIMITED');
  expect(codeOf(await login(org.users.MEMBER.email, PASSWORD, '2001:db8:1:3::1'))).toBe('fine');
});

test('signing in rightly is not counted, however often', async () => {
  expect(await codesOf(30, () => login(org.users.MEMBER.email, PASSWORD))).toEqual(Array(30).fill('fine'));
});

test('made-up refresh tokens are stopped, and a good one from elsewhere is not', async () => {
  const refresh = (refreshToken: string, address: string): Promise<Answer> =>
    from(address, 'mutation ($t: String) { refreshToken(refreshToken: $t) { refreshToken } }', { t: refreshToken });
  const { data } = await login(org.users.MEMBER.email, PASSWORD);
  const codes = await codesOf(125, () => refresh(`prt.${org.id}.${'A'.repeat(43)}`, '192.0.2.9'));
  expect(codes.indexOf('RATE_LIMITED')).toBeGreaterThanOrEqual(120);
  expect(codeOf(await refresh(data.login.refreshToken, '192.0.2.9'))).toBe('RATE_LIMITED');
  expect(codeOf(await refresh(data.login.refreshToken, '192.0.2.10'))).toBe('fine');
});

test('mails that strangers can cause are counted by recipient and by sender: resets, registrations, invitations', async () => {
  const { email } = org.users.MEMBER;
  const reset = (account: string, address: string): Promise<Answer> =>
    from(address, 'mutation ($e: String!) { requestPasswordReset(email: $e) { accepted } }', { e: account });
  expect(await codesOf(6, (index) => reset(email, `192.0.2.${20 + index}`))).toEqual([...Array(5).fill('fine'), 'RATE_LIMITED']);
  const codes = await codesOf(31, (index) => reset(`person-${index}@example.com`, '192.0.2.40'));
  expect(codes.indexOf('RATE_LIMITED')).toBe(30);
  const register = (account: string): Promise<Answer> =>
    from('192.0.2.41', 'mutation ($i: RegisterInput!) { register(input: $i) { accepted } }', {
      i: { email: account, firstName: 'A', lastName: 'B', organizationName: 'C' },
    });
  expect(await codesOf(6, () => register('founder@example.com'))).toEqual([...Array(5).fill('fine'), 'RATE_LIMITED']);
  const invite = (): Promise<Answer> =>
    from(
      '192.0.2.42',
      'mutation ($i: InviteUserInput!) { inviteUser(input: $i) { invitation { id } } }',
      { i: { email: 'colleague@example.com', role: 'MEMBER' } },
      stage.tokenOf(org, 'OWNER'),
    );
  expect((await codesOf(12, invite)).indexOf('RATE_LIMITED')).toBe(10);
});

test('links and current passwords cannot be guessed at', async () => {
  const link = (): Promise<Answer> =>
    from('192.0.2.50', 'mutation ($t: String!) { confirmEmailChange(token: $t) { email } }', { t: 'pmt.email.x.y.z' });
  expect((await codesOf(62, link)).indexOf('RATE_LIMITED')).toBe(60);
  const change = (): Promise<Answer> =>
    from(
      '192.0.2.51',
      'mutation { changePassword(currentPassword: "wrong", newPassword: "a long and unusual sentence") { user { id } } }',
      {},
      stage.tokenOf(org, 'MEMBER'),
    );
  expect((await codesOf(12, change)).indexOf('RATE_LIMITED')).toBe(10);
});

test('what is counted names nobody', async () => {
  const { email } = org.users.MEMBER;
  await login(email, 'wrong', '192.0.2.60');
  const { rows } = await admin.query<{ key: string }>('SELECT key FROM throttle.attempts');
  expect(rows.length).toBeGreaterThan(0);
  expect(JSON.stringify(rows)).not.toMatch(new RegExp(`${email}|192\\.0\\.2`));
});
