import { createHmac, createSecretKey, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { callerOf, openStage, PASSWORD, type Answer, type Stage } from './support/app.js';
import { SECRET } from './support/cluster.js';
import type { Organization } from './support/world.js';

let now = Math.floor(Date.now() / 1000) * 1000;
let stage: Stage;
let org: Organization;

beforeAll(async () => {
  stage = await openStage({ now: () => now });
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const login = (email: string, password: string, token?: string): Promise<Answer> =>
  stage.send(
    `mutation ($input: LoginInput!) { login(input: $input) { accessToken accessTokenExpiresAt accessTokenExpiresIn refreshToken user { id email role lastLoginAt } } }`,
    { token, variables: { input: { email, password } } },
  );

test('signing in answers a token that works, who it is, and when it ends', async () => {
  const { email, id } = org.users.MANAGER;
  const { data } = await login(`  ${email.toUpperCase()} `, PASSWORD);
  expect(data.login).toMatchObject({
    accessTokenExpiresIn: 900,
    refreshToken: expect.stringMatching(/^prt\.[0-9a-f-]{36}\.[\w-]{43}$/),
    user: { id, email, role: 'MANAGER' },
  });
  expect(Date.parse(data.login.accessTokenExpiresAt)).toBe((Math.floor(now / 1000) + 900) * 1000);
  expect(Date.parse(data.login.user.lastLoginAt)).toBe(now);
  const { data: own } = await stage.send('{ viewer { id version } organization { id } }', { token: data.login.accessToken });
  expect(own).toEqual({ viewer: { id, version: 1 }, organization: { id: org.id } });
});

test('a bad Authorization header does not get in the way of signing in', async () => {
  expect((await login(org.users.OWNER.email, PASSWORD, 'broken')).data.login.user.role).toBe('OWNER');
});

test('unknown e-mail, wrong password, inactive and deleted accounts are answered alike', async () => {
  await stage.world.client.query('UPDATE users SET is_active = false WHERE id = $1', [org.users.VIEWER.id]);
  await stage.world.client.query('UPDATE users SET deleted_at = now() WHERE id = $1', [org.users.ADMIN.id]);
  const answers = await Promise.all([
    login('nobody@example.com', PASSWORD),
    login(org.users.MEMBER.email, 'wrong'),
    login(org.users.MEMBER.email, ''),
    login(org.users.VIEWER.email, PASSWORD),
    login(org.users.ADMIN.email, PASSWORD),
  ]);
  const told = answers.map(({ status, body }) => `${status} ${body.replace(/"requestId":"[^"]+"/, '')}`);
  expect(new Set(told).size).toBe(1);
  expect(answers[0]?.errors?.[0]?.extensions.code).toBe('INVALID_CREDENTIALS');
  expect(answers[0]?.data).toEqual({ login: null });
});

test('all of a long password counts, and one of a megabyte is refused before it is hashed', async () => {
  const long = 'ä'.repeat(200);
  const hash = await stage.app.door.passwords.hash(`${long}1`);
  await stage.world.client.query('UPDATE users SET password_hash = $1 WHERE id = $2', [hash, org.users.MEMBER.id]);
  expect((await login(org.users.MEMBER.email, `${long}1`)).data.login.user.role).toBe('MEMBER');
  expect((await login(org.users.MEMBER.email, `${long}2`)).errors?.[0]?.extensions.code).toBe('INVALID_CREDENTIALS');
  expect((await login(org.users.MEMBER.email, 'x'.repeat(500_000))).errors?.[0]?.extensions).toMatchObject({
    code: 'INVALID_INPUT',
    fields: [{ path: ['input', 'password'] }],
  });
  expect((await login('a\u0000b@example.com', PASSWORD)).errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
});

test('only a token that is exactly one of ours, and valid now, is a caller; no other touches the database', async () => {
  const caller = callerOf(org, 'OWNER');
  const good = stage.tokenOf(org, 'OWNER');
  const key = createSecretKey(SECRET, 'utf8');
  const seconds = Math.floor(now / 1000);
  const claims = {
    sub: caller.userId,
    sid: caller.via.sessionId,
    org: caller.orgId,
    role: 'OWNER',
    iat: seconds,
    exp: seconds + 900,
    iss: 'pulse-crm',
    aud: 'pulse-crm/graphql',
  };
  const { exp: _, ...endless } = claims;
  const header = { alg: 'HS256' as const, typ: 'at+jwt', kid: '1' };
  const forged = (changes: object, headers: object = {}): string =>
    jwt.sign({ ...claims, ...changes }, key, { header: { ...header, ...headers } });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const unsigned = `${encode({ ...header, alg: 'none' })}.${encode(claims)}.`;
  const confused = `${encode(header)}.${encode(claims)}.${createHmac(
    'sha256',
    rsa.publicKey.export({ type: 'spki', format: 'pem' }),
  )
    .update(`${encode(header)}.${encode(claims)}`)
    .digest('base64url')}`;
  const bad: Record<string, string> = {
    'no signature': unsigned,
    'a signature by another key': jwt.sign(claims, 'another secret', { header }),
    'another algorithm': jwt.sign(claims, key, { algorithm: 'HS512', header: { ...header, alg: 'HS512' } }),
    'an asymmetric algorithm': jwt.sign(claims, rsa.privateKey, { algorithm: 'RS256', header: { ...header, alg: 'RS256' } }),
    'a confused key': confused,
    'another issuer': forged({ iss: 'someone' }),
    'another audience': forged({ aud: 'something' }),
    'another type': forged({}, { typ: 'JWT' }),
    'an unknown key id': forged({}, { kid: '2' }),
    'an odd key id': forged({}, { kid: '../../etc/passwd' }),
    'an end in the past': forged({ exp: seconds - 1 }),
    'no end': jwt.sign(endless, key, { header }),
    'a start in the future': forged({ nbf: seconds + 60 }),
    'an unknown role': forged({ role: 'GOD' }),
    'an organization that is no UUID': forged({ org: "x'; DROP TABLE users; --" }),
    'a user that is no text': forged({ sub: '', user: 1 }),
    'a cut tail': good.slice(0, -3),
    rubbish: 'a.b.c',
  };
  expect((await stage.send('{ viewer { id } }', { token: forged({}) })).data.viewer.id).toBe(caller.userId);
  for (const [what, token] of Object.entries(bad)) {
    stage.statements();
    const { errors } = await stage.send('{ viewer { id } }', { token });
    expect([what, errors?.[0]?.extensions.code, stage.statements()]).toEqual([what, 'UNAUTHENTICATED', []]);
  }
});

test('keys rotate without an outage: every instance verifies a key before any signs with it', async () => {
  const next = { id: '2026-12', secret: 'the next secret, of at least 32 characters' };
  const old = { id: '1', secret: null };
  const instance = (tokenKeys: { id: string; secret: string | null }[]): Promise<Stage> =>
    openStage({ now: () => now, appUrl: stage.database.appUrl, signinUrl: stage.database.signinUrl, tokenKeys });
  const [before, during, after] = [await instance([old, next]), await instance([next, old]), await instance([next])];
  const signed = Object.fromEntries(
    Object.entries({ today: stage, before, during, after }).map(([name, at]) => [name, at.tokenOf(org, 'OWNER')]),
  );
  const accepted = async (at: Stage): Promise<string[]> => {
    const answers = await Promise.all(
      Object.entries(signed).map(
        async ([name, token]) => [name, (await at.send('{ viewer { id } }', { token })).errors] as const,
      ),
    );
    return answers.flatMap(([name, errors]) => (errors === undefined ? [name] : []));
  };
  const kids = Object.values(signed).map((token) => jwt.decode(token, { complete: true })?.header.kid);
  expect(kids).toEqual(['1', '1', '2026-12', '2026-12']);
  expect(await accepted(stage)).toEqual(['today', 'before']);
  expect(await accepted(before)).toEqual(['today', 'before', 'during', 'after']);
  expect(await accepted(during)).toEqual(['today', 'before', 'during', 'after']);
  expect(await accepted(after)).toEqual(['during', 'after']);
  const key = createSecretKey(SECRET, 'utf8');
  const swapped = jwt.sign(jwt.decode(signed['after'] ?? '') as object, key, {
    header: { alg: 'HS256', typ: 'at+jwt', kid: next.id },
  });
  expect((await during.send('{ viewer { id } }', { token: swapped })).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  await Promise.all([before.close(), during.close(), after.close()]);
});

test('a token ends when it said it would', async () => {
  const token = stage.tokenOf(org, 'OWNER');
  now += 899_000;
  expect((await stage.send('{ viewer { id } }', { token })).errors).toBeUndefined();
  now += 2_000;
  expect((await stage.send('{ viewer { id } }', { token })).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
});

test('a token of an account that is gone, or may no longer sign in, is of no use', async () => {
  for (const role of ['ADMIN', 'VIEWER'] as const) {
    const { errors } = await stage.send('{ viewer { id } }', { token: stage.tokenOf(org, role) });
    expect(errors?.[0]?.extensions.code).toBe('SESSION_ENDED');
  }
});
