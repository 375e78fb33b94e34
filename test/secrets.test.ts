import { randomUUID } from 'node:crypto';
import { linkFor } from './support/accounts.js';
import { openStage, type Answer, type Stage } from './support/app.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

/** Every table of every schema that is Pulse's, as text. */
async function dump(): Promise<string> {
  const { client } = stage.world;
  await client.query('RESET ROLE');
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'`,
  );
  expect(rows.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'public.users',
      'public.refresh_tokens',
      'public.account_tokens',
      'public.api_keys',
      'graphile_worker._private_jobs',
    ]),
  );
  const texts: string[] = [];
  for (const { name } of rows) {
    const found = await client.query<{ text: string | null }>(`SELECT string_agg(t::text, E'\\n') AS text FROM ${name} AS t`);
    texts.push(found.rows[0]?.text ?? '');
  }
  return texts.join('\n');
}

const hexOf = (text: string): string => Buffer.from(text).toString('hex');

test('all tables copied out as text contain no usable token, password or key', async () => {
  const email = `founder-${randomUUID().slice(0, 8)}@example.com`;
  const secrets: string[] = [];
  const ask = async (query: string, input: object): Promise<Record<string, unknown>> => {
    const { data, errors } = await stage.send(query, { variables: { i: input } });
    expect(errors).toBeUndefined();
    return Object.values(data as object)[0] as Record<string, unknown>;
  };
  const tokenFrom = async (address: string): Promise<string> => {
    const { token } = await linkFor(stage, address);
    secrets.push(token ?? '');
    return token ?? '';
  };
  const keep = (answer: Record<string, unknown>): string => {
    secrets.push(answer['accessToken'] as string, answer['refreshToken'] as string);
    return answer['accessToken'] as string;
  };
  const passwords = ['seven unusual lanterns glow', 'eight peculiar kettles hum', 'nine hesitant violins wait'] as const;
  const person = { firstName: 'Frida', lastName: 'Founder' };
  await ask('mutation ($i: RegisterInput!) { register(input: $i) { accepted } }', { email, ...person, organizationName: 'Some' });
  const owner = keep(
    await ask('mutation ($i: ConfirmRegistrationInput!) { confirmRegistration(input: $i) { accessToken refreshToken } }', {
      token: await tokenFrom(email),
      password: passwords[0],
    }),
  );
  const guest = `guest-${email}`;
  await stage.send(`mutation { inviteUser(input: { email: "${guest}", role: MEMBER }) { invitation { id } } }`, { token: owner });
  keep(
    await ask('mutation ($i: AcceptInvitationInput!) { acceptInvitation(input: $i) { accessToken refreshToken } }', {
      token: await tokenFrom(guest),
      ...person,
      password: passwords[1],
    }),
  );
  await stage.send(`mutation { changeEmail(currentPassword: "${passwords[0]}", newEmail: "new-${email}") { accepted } }`, {
    token: owner,
  });
  await tokenFrom(`new-${email}`);
  await stage.send(`mutation { requestPasswordReset(email: "${email}") { accepted } }`);
  keep(
    await ask('mutation ($i: ResetPasswordInput!) { resetPassword(input: $i) { accessToken refreshToken } }', {
      token: await tokenFrom(email),
      newPassword: passwords[2],
    }),
  );
  const session = await ask('mutation ($i: LoginInput!) { login(input: $i) { accessToken refreshToken } }', {
    email,
    password: passwords[2],
  });
  const signedIn = keep(session);
  // Twice, so that the first one's successor lies sealed in its row.
  const refresh = (token: unknown): Promise<Answer> =>
    stage.send('mutation ($t: String) { refreshToken(refreshToken: $t) { accessToken refreshToken } }', {
      variables: { t: token },
    });
  for (const token of [session['refreshToken'], session['refreshToken']])
    keep((await refresh(token)).data.refreshToken as Record<string, unknown>);
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  const made = await stage.send('mutation ($i: CreateApiKeyInput!) { createApiKey(input: $i) { secret } }', {
    token: signedIn,
    variables: { i: { name: 'Script', scopes: ['deals:write'], expiresAt } },
  });
  const { secret: apiKey } = made.data.createApiKey as { secret: string };
  secrets.push(apiKey);
  const used = await stage.send('mutation { createDeal(input: { title: "x" }) @idempotent(key: "k") { deal { id } } }', {
    token: apiKey,
  });
  expect(used.errors).toBeUndefined();
  const text = await dump();
  expect(text).toContain(email);
  for (const secret of [...secrets, ...passwords]) {
    const core = secret.startsWith('pk_') ? secret.slice(-43) : (secret.split('.').at(-1) ?? '');
    const bytes = Buffer.from(core, 'base64url');
    const forms = [core, hexOf(core), Buffer.from(core).toString('base64url'), bytes.toString('hex'), bytes.toString('base64')];
    expect(forms.filter((form) => text.includes(form.replace(/=+$/, '')))).toEqual([]);
  }
});
