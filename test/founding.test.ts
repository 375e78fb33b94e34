import { randomUUID } from 'node:crypto';
import { mailTokens } from '../src/domain/auth/mail-tokens.js';
import { linkFor } from './support/accounts.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { SECRET } from './support/cluster.js';

const HOUR = 3_600_000;
const STRONG = 'seven unusual lanterns glow';
let now = Math.floor(Date.now() / 1000) * 1000;
let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ now: () => now, poolSize: 8 });
});
afterAll(() => stage.close());

const newAddress = (): string => `founder-${randomUUID().slice(0, 8)}@example.com`;
const codeOf = ({ errors }: Answer): string =>
  errors?.[0]?.extensions.fields?.[0]?.code ?? errors?.[0]?.extensions.code ?? 'done';

function register(email: string, more: Record<string, unknown> = {}): Promise<Answer> {
  const input = { email, firstName: 'Frida', lastName: 'Founder', organizationName: 'Müller & Söhne', ...more };
  return stage.send('mutation ($i: RegisterInput!) { register(input: $i) { accepted } }', { variables: { i: input } });
}

function confirm(token: string | null, password = STRONG): Promise<Answer> {
  const query = `mutation ($i: ConfirmRegistrationInput!) { confirmRegistration(input: $i) {
    accessToken refreshToken user { id email role displayName organization { id name slug settings { timeZone currency locale visibility } } } } }`;
  return stage.send(query, { variables: { i: { token, password } } });
}

async function registered(email: string, more: Record<string, unknown> = {}): Promise<string> {
  expect((await register(email, more)).data).toEqual({ register: { accepted: true } });
  const { mail, token } = await linkFor(stage, email.toLowerCase());
  expect(mail).toBe('confirmRegistration');
  return token ?? '';
}

test('whoever registers and follows the link owns an organization with settings and a first pipeline, and can work', async () => {
  const email = newAddress();
  const token = await registered(email.toUpperCase(), { timeZone: 'Europe/Berlin', currency: 'CHF', locale: 'DE' });
  const { data, errors } = await confirm(token);
  expect(errors).toBeUndefined();
  const { accessToken, user } = data.confirmRegistration;
  expect(user).toMatchObject({ email, role: 'OWNER', displayName: 'Frida Founder' });
  expect(user.organization).toMatchObject({
    name: 'Müller & Söhne',
    slug: expect.stringMatching(/^muller-sohne-[a-z0-9]{8}$/),
    settings: { timeZone: 'Europe/Berlin', currency: 'CHF', locale: 'DE', visibility: 'ORGANIZATION' },
  });
  const board = await stage.send('{ pipelines { nodes { name isDefault stages { name probability } } } }', {
    token: accessToken,
  });
  expect(board.data.pipelines.nodes).toEqual([
    { name: 'Vertrieb', isDefault: true, stages: expect.arrayContaining([{ name: 'Neu', probability: 10 }]) },
  ]);
  const deal = await stage.send('mutation { createDeal(input: { title: "First" }) { deal { stage { name } } } }', {
    token: accessToken,
  });
  expect(deal.data.createDeal.deal.stage).toEqual({ name: 'Neu' });
  const { rows } = await stage.world.client.query(
    `SELECT action, entity_type, user_id, ARRAY(SELECT jsonb_object_keys(changes - '@ip') ORDER BY 1) AS fields FROM audit_logs WHERE org_id = $1 ORDER BY seq LIMIT 3`,
    [user.organization.id],
  );
  expect(rows).toEqual([
    { action: 'FOUND', entity_type: 'Organization', user_id: user.id, fields: ['name', 'settings', 'slug'] },
    { action: 'JOIN', entity_type: 'User', user_id: user.id, fields: ['email', 'firstName', 'lastName', 'role'] },
    { action: 'CREATE', entity_type: 'Pipeline', user_id: user.id, fields: ['isDefault', 'name', 'stages'] },
  ]);
});

test('an answer that was lost locks nobody out: the same password signs in again as long as the link is good, another never', async () => {
  const token = await registered(newAddress());
  const [first, second] = await Promise.all([confirm(token), confirm(token)]);
  const founded = [first, second].map(({ data }) => data.confirmRegistration?.user.organization.id as string);
  expect(new Set(founded).size).toBe(1);
  expect((await confirm(token)).data.confirmRegistration.user.organization.id).toBe(founded[0]);
  expect(codeOf(await confirm(token, 'another unusual lantern here'))).toBe('INVALID_TOKEN');
  now += 25 * HOUR;
  expect(codeOf(await confirm(token))).toBe('INVALID_TOKEN');
});

test('a newer link makes the older ones worthless, and a link is good for a day', async () => {
  const email = newAddress();
  const older = await registered(email);
  now += HOUR;
  const newer = await registered(email);
  expect(codeOf(await confirm(older))).toBe('INVALID_TOKEN');
  now += 23 * HOUR + 3_599_000;
  expect(codeOf(await confirm(newer))).toBe('done');
  const late = await registered(newAddress());
  now += 24 * HOUR;
  expect(codeOf(await confirm(late))).toBe('INVALID_TOKEN');
});

test('an address that has an account is answered alike, in the same words, and only its mailbox is told', async () => {
  const org = await stage.world.organization();
  const [free, taken] = [await register(newAddress()), await register(org.users.VIEWER.email)];
  expect(taken.data).toEqual(free.data);
  expect(taken.errors).toBeUndefined();
  const { mail, token } = await linkFor(stage, org.users.VIEWER.email);
  expect([mail, token]).toEqual(['alreadyRegistered', null]);
});

test('tokens that were made up, cut, or made for another purpose or organization are refused alike', async () => {
  const token = await registered(newAddress());
  const [, , orgId = '', id = ''] = token.split('.');
  const made = mailTokens(SECRET);
  const elsewhere = mailTokens('another secret that is long enough to be one');
  const wrong = [
    '',
    'x',
    token.slice(0, -1),
    made.make('reset', { orgId, id }),
    made.make('invite', { orgId, id }),
    made.make('register', { orgId: randomUUID(), id }),
    made.make('register', { orgId, id: randomUUID() }),
    elsewhere.make('register', { orgId, id }),
  ];
  const answers = await Promise.all(wrong.map((each) => confirm(each)));
  const [first] = answers.map(({ errors }) => [errors?.[0]?.message, errors?.[0]?.extensions.fields]);
  for (const { errors } of answers) expect([errors?.[0]?.message, errors?.[0]?.extensions.fields]).toEqual(first);
  expect(first?.[1]).toEqual([expect.objectContaining({ path: ['input', 'token'], code: 'INVALID_TOKEN' })]);
  expect(codeOf(await confirm(token))).toBe('done');
});

test('a weak password and bad input are refused, and leave the link as good as before', async () => {
  const email = newAddress();
  const token = await registered(email);
  expect(codeOf(await confirm(token, 'short'))).toBe('TOO_SHORT');
  expect(codeOf(await confirm(token, `${email} 1`))).toBe('NAME');
  expect(codeOf(await confirm(token))).toBe('done');
  expect(codeOf(await register('no address'))).toBe('INVALID');
  expect(codeOf(await register(newAddress(), { organizationName: ' ' }))).toBe('INVALID');
  expect(codeOf(await register(newAddress(), { timeZone: 'Mars/Olympus' }))).toBe('BAD_USER_INPUT');
});

test('an address that has got an account meanwhile cannot found another organization', async () => {
  const email = newAddress();
  const token = await registered(email);
  const org = await stage.world.organization();
  await stage.world.client.query('UPDATE users SET email = $1 WHERE id = $2', [email, org.users.MEMBER.id]);
  expect(codeOf(await confirm(token))).toBe('EMAIL_TAKEN');
});

test('public mutations ignore the Authorization header and refuse idempotency keys', async () => {
  const query = 'mutation ($i: RegisterInput!) { register(input: $i) @idempotent(key: "x") { accepted } }';
  const input = { email: newAddress(), firstName: '', lastName: '', organizationName: 'X' };
  expect(codeOf(await stage.send(query, { variables: { i: input } }))).toBe('NOT_SUPPORTED');
  const plain = query.replace('@idempotent(key: "x")', '');
  expect(codeOf(await stage.send(plain, { variables: { i: input }, token: 'nonsense' }))).toBe('done');
});
