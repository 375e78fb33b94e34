import { linkFor } from './support/accounts.js';
import { openStage, PASSWORD, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

const MINUTE = 60_000;
const STRONG = 'seven unusual lanterns glow';
let now = Math.floor(Date.now() / 1000) * 1000;
let stage: Stage;
let org: Organization;
let email: string;

beforeAll(async () => {
  stage = await openStage({ now: () => now, poolSize: 8 });
});
beforeEach(async () => {
  org = await stage.world.organization();
  email = org.users.MEMBER.email;
});
afterAll(() => stage.close());

const codeOf = ({ errors }: Answer): string =>
  errors?.[0]?.extensions.fields?.[0]?.code ?? errors?.[0]?.extensions.code ?? 'done';
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const login = async (password: string, address = email): Promise<string> => {
  const variables = { i: { email: address, password } };
  const answer = await stage.send('mutation ($i: LoginInput!) { login(input: $i) { accessToken } }', { variables });
  return (answer.data?.login?.accessToken as string | undefined) ?? codeOf(answer);
};
const viewer = async (token: string): Promise<string> => codeOf(await stage.send('{ viewer { id } }', { token }));

const changePassword = (token: string, currentPassword: string, newPassword: string): Promise<Answer> =>
  stage.send(
    'mutation ($c: String!, $n: String!) { changePassword(currentPassword: $c, newPassword: $n) { user { version } } }',
    {
      token,
      variables: { c: currentPassword, n: newPassword },
    },
  );
const changeEmail = (token: string, currentPassword: string, newEmail: string): Promise<Answer> =>
  stage.send('mutation ($c: String!, $n: String!) { changeEmail(currentPassword: $c, newEmail: $n) { accepted } }', {
    token,
    variables: { c: currentPassword, n: newEmail },
  });
const confirmEmail = (token: string | null): Promise<Answer> =>
  stage.send('mutation ($t: String!) { confirmEmailChange(token: $t) { email } }', { variables: { t: token } });
const forget = (address: string): Promise<Answer> =>
  stage.send('mutation ($e: String!) { requestPasswordReset(email: $e) { accepted } }', { variables: { e: address } });
const reset = (token: string | null, newPassword = STRONG): Promise<Answer> =>
  stage.send('mutation ($i: ResetPasswordInput!) { resetPassword(input: $i) { accessToken user { id } } }', {
    variables: { i: { token, newPassword } },
  });

async function told(): Promise<string[]> {
  const { rows } = await stage.world.client.query<{ fact: string }>(
    `SELECT concat_ws(' ', action, (SELECT string_agg(key, ',') FROM jsonb_object_keys(changes - '@ip') AS key)) AS fact FROM audit_logs WHERE org_id = $1 AND entity_type <> 'Session' ORDER BY seq`,
    [org.id],
  );
  return rows.map(({ fact }) => fact);
}

async function resetLink(): Promise<string> {
  await forget(email);
  const { mail, token } = await linkFor(stage, email);
  expect(mail).toBe('resetPassword');
  return token ?? '';
}

describe('changing the password', () => {
  test('asks for the current one, ends other sessions within a second, keeps this one, and tells the mailbox', async () => {
    const [here, there] = [await login(PASSWORD), await login(PASSWORD)];
    expect(codeOf(await changePassword(here, 'not my password at all', STRONG))).toBe('WRONG_PASSWORD');
    expect(codeOf(await changePassword(here, PASSWORD, 'short'))).toBe('TOO_SHORT');
    expect(await told()).toEqual([]);
    expect((await changePassword(here, PASSWORD, STRONG)).data.changePassword.user).toEqual({ version: 2 });
    await pause(1_000);
    expect([await viewer(here), await viewer(there)]).toEqual(['done', 'SESSION_ENDED']);
    expect(await login(PASSWORD)).toBe('INVALID_CREDENTIALS');
    expect(await login(STRONG)).toMatch(/^ey/);
    expect(await told()).toEqual(['CHANGE_PASSWORD']);
    expect(await linkFor(stage, email)).toMatchObject({ mail: 'passwordChanged' });
  });

  test('makes links that were sent before worthless', async () => {
    const link = await resetLink();
    expect(codeOf(await changePassword(await login(PASSWORD), PASSWORD, STRONG))).toBe('done');
    expect(codeOf(await reset(link, 'another unusual lantern here'))).toBe('INVALID_TOKEN');
  });

  test('no fact, job or answer holds a password or its hash', async () => {
    await changePassword(await login(PASSWORD), PASSWORD, STRONG);
    await reset(await resetLink(), 'another unusual lantern here');
    const { rows } = await stage.world.client.query(
      `SELECT string_agg(v::text, ' ') AS text FROM audit_values v WHERE org_id = $1
       UNION ALL SELECT string_agg(l::text, ' ') FROM audit_logs l WHERE org_id = $1
       UNION ALL SELECT string_agg(j::text, ' ') FROM graphile_worker._private_jobs j`,
      [org.id],
    );
    expect(JSON.stringify(rows)).not.toMatch(/\$2b\$|lantern|password_hash|passwordHash|pmt\./);
  });
});

describe('a forgotten password', () => {
  test('is set with the link of a mail: all sessions end, and a new one begins', async () => {
    const before = await login(PASSWORD);
    const link = await resetLink();
    expect(codeOf(await reset(link, 'short'))).toBe('TOO_SHORT');
    const { data } = await reset(link);
    expect(data.resetPassword.user).toEqual({ id: org.users.MEMBER.id });
    await pause(1_000);
    expect([await viewer(before), await viewer(data.resetPassword.accessToken as string)]).toEqual(['SESSION_ENDED', 'done']);
    expect([await login(PASSWORD), await login(STRONG)]).toEqual(['INVALID_CREDENTIALS', expect.stringMatching(/^ey/)]);
    expect(await told()).toEqual(['RESET_PASSWORD']);
    expect(await linkFor(stage, email)).toMatchObject({ mail: 'passwordChanged' });
  });

  test('the link is for one use and one hour, and a newer one kills it; repeated with the same password it signs in', async () => {
    const older = await resetLink();
    const newer = await resetLink();
    expect(codeOf(await reset(older))).toBe('INVALID_TOKEN');
    const answers = await Promise.all([reset(newer), reset(newer)]);
    expect(answers.map(codeOf)).toEqual(['done', 'done']);
    expect(codeOf(await reset(newer, 'another unusual lantern here'))).toBe('INVALID_TOKEN');
    now += 59 * MINUTE;
    expect(codeOf(await reset(newer))).toBe('done');
    now += MINUTE;
    expect(codeOf(await reset(newer))).toBe('INVALID_TOKEN');
    const late = await resetLink();
    now += 60 * MINUTE;
    expect(codeOf(await reset(late))).toBe('INVALID_TOKEN');
    expect(await told()).toEqual(['RESET_PASSWORD']);
  });

  test('known, unknown and inactive addresses are answered alike, and only the mailbox is told', async () => {
    await stage.world.client.query('UPDATE users SET is_active = false WHERE id = $1', [org.users.VIEWER.id]);
    const addresses = [email, 'nobody-knows@example.com', org.users.VIEWER.email];
    const answers = await Promise.all(addresses.map(forget));
    for (const { data, errors } of answers)
      expect([data, errors]).toEqual([{ requestPasswordReset: { accepted: true } }, undefined]);
    const sent = (await stage.mails()).filter(({ to }) => addresses.includes(to)).map(({ to, mail }) => [to, mail]);
    expect(sent.sort()).toEqual(
      [
        [email, 'resetPassword'],
        ['nobody-knows@example.com', 'noAccount'],
        [org.users.VIEWER.email, 'noAccount'],
      ].sort(),
    );
  });

  test('who was shut out meanwhile cannot use the link', async () => {
    const link = await resetLink();
    await stage.world.client.query('UPDATE users SET is_active = false WHERE id = $1', [org.users.MEMBER.id]);
    expect(codeOf(await reset(link))).toBe('INVALID_TOKEN');
  });
});

describe('changing the address', () => {
  const another = (): string => `new-${org.slug}@example.com`;

  test('asks for the password, then the new mailbox; other sessions end, and the old mailbox is told', async () => {
    const [here, there] = [await login(PASSWORD), await login(PASSWORD)];
    expect(codeOf(await changeEmail(here, 'not my password at all', another()))).toBe('WRONG_PASSWORD');
    expect((await changeEmail(here, PASSWORD, another().toUpperCase())).data.changeEmail).toEqual({ accepted: true });
    expect(await login(PASSWORD)).toMatch(/^ey/);
    const { mail, token } = await linkFor(stage, another());
    expect(mail).toBe('confirmEmail');
    expect((await confirmEmail(token)).data.confirmEmailChange).toEqual({ email: another() });
    expect((await confirmEmail(token)).data.confirmEmailChange).toEqual({ email: another() });
    await pause(1_000);
    expect([await viewer(here), await viewer(there)]).toEqual(['done', 'SESSION_ENDED']);
    expect([await login(PASSWORD), await login(PASSWORD, another())]).toEqual([
      'INVALID_CREDENTIALS',
      expect.stringMatching(/^ey/),
    ]);
    expect(await told()).toEqual(['CHANGE_EMAIL email']);
    expect(await linkFor(stage, email)).toMatchObject({ mail: 'emailChanged', token: null });
  });

  test('a taken address is answered alike, and its mailbox is told that it has an account', async () => {
    const taken = (await stage.world.organization()).users.OWNER.email;
    const { data, errors } = await changeEmail(await login(PASSWORD), PASSWORD, taken);
    expect([data, errors]).toEqual([{ changeEmail: { accepted: true } }, undefined]);
    expect(await linkFor(stage, taken)).toMatchObject({ mail: 'alreadyRegistered', token: null });
  });

  test('a link is good for a day, a newer one kills it, and an address that was taken meanwhile is refused', async () => {
    const here = await login(PASSWORD);
    const ask = async (address: string): Promise<string | null> => {
      await changeEmail(here, PASSWORD, address);
      return (await linkFor(stage, address)).token;
    };
    const older = await ask(`older-${another()}`);
    const newer = await ask(another());
    expect(codeOf(await confirmEmail(older))).toBe('INVALID_TOKEN');
    const other = await stage.world.organization();
    await stage.world.client.query('UPDATE users SET email = $1 WHERE id = $2', [another(), other.users.MEMBER.id]);
    expect(codeOf(await confirmEmail(newer))).toBe('EMAIL_TAKEN');
    const late = await ask(`late-${another()}`);
    now += 24 * 60 * MINUTE;
    expect(codeOf(await confirmEmail(late))).toBe('INVALID_TOKEN');
    expect(codeOf(await confirmEmail('x'))).toBe('INVALID_TOKEN');
    expect(await told()).toEqual([]);
  });
});
