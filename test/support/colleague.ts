import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { linkFor } from './accounts.js';
import type { Stage } from './app.js';
import type { Organization } from './world.js';

/** Words of a colleague's own, by what they say. */
export type Colleague = Record<
  'firstName' | 'maidenName' | 'lastName' | 'oldEmail' | 'email' | 'wishedEmail' | 'device' | 'address' | 'keyName',
  string
>;

export const STRONG = 'seven unusual lanterns glow';

/** Somebody whom everything that can be said of a colleague is said of, each in words of its own. */
export function colleague(): Colleague {
  const word = (name: string): string => `zq${name}${randomUUID().replaceAll('-', '').slice(0, 10)}`;
  const byte = (): number => 1 + Math.floor(Math.random() * 250);
  return {
    firstName: word('first'),
    maidenName: word('maiden'),
    lastName: word('last'),
    oldEmail: `${word('old')}@example.com`,
    email: `${word('mail')}@example.com`,
    wishedEmail: `${word('wished')}@example.com`,
    device: word('device'),
    // Every address of 127.0.0.0/8 is this machine's.
    address: `127.${byte()}.${byte()}.${byte()}`,
    keyName: word('key'),
  };
}

/** Asks as the colleague's device, from its address; what fails, fails the test. */
async function sendFrom<Data>(stage: Stage, c: Colleague, query: string, variables: object, token?: string): Promise<Data> {
  const headers = {
    'content-type': 'application/json',
    'user-agent': c.device,
    ...(token && { authorization: `Bearer ${token}` }),
  };
  const text = await new Promise<string>((resolve, reject) => {
    const sent = request(`${stage.url}/graphql`, { method: 'POST', headers, localAddress: c.address }, (response) => {
      let body = '';
      response.on('data', (part: Buffer) => (body += part.toString())).on('end', () => resolve(body));
    });
    sent.on('error', reject).end(JSON.stringify({ query, variables }));
  });
  const { data, errors } = JSON.parse(text) as { data: Record<string, unknown>; errors?: unknown };
  if (errors) throw new Error(text);
  return Object.values(data)[0] as Data;
}

/** Whom the colleague left behind. */
export interface Left {
  userId: string;
  dealId: string;
  activityId: string;
  contactId: string;
}

/** Joins, works, says all of it through the front door, and is shut out; their records go to the manager. */
export async function seedColleague(stage: Stage, org: Organization, c: Colleague, role = 'ADMIN'): Promise<Left> {
  const asOwner = async (query: string, variables: Record<string, unknown>): Promise<void> => {
    const { errors } = await stage.send(query, { token: stage.tokenOf(org, 'OWNER'), variables });
    if (errors) throw new Error(JSON.stringify(errors));
  };
  await asOwner('mutation ($i: InviteUserInput!) { inviteUser(input: $i) { invitation { id } } }', {
    i: { email: c.oldEmail, role },
  });
  const { token: link } = await linkFor(stage, c.oldEmail);
  const names = { firstName: c.firstName, lastName: c.maidenName };
  const { accessToken, user } = await sendFrom<{ accessToken: string; user: { id: string } }>(
    ...([stage, c, 'mutation ($i: AcceptInvitationInput!) { acceptInvitation(input: $i) { accessToken user { id } } }'] as const),
    { i: { token: link, ...names, password: STRONG } },
  );
  const ask = <Data>(query: string, variables: object = {}): Promise<Data> => sendFrom(stage, c, query, variables, accessToken);
  await changeAccount(stage, c, ask);
  const left = await work(c, ask);
  await asOwner('mutation ($id: ID!, $to: ID!) { deactivateUser(id: $id, input: { reassignTo: $to }) { user { id } } }', {
    ...{ id: user.id, to: org.users.MANAGER.id },
  });
  // A link that comes too late, and an invitation to an address of theirs.
  await sendFrom(stage, c, 'mutation ($e: String!) { requestPasswordReset(email: $e) { accepted } }', { e: c.email });
  await asOwner('mutation ($i: InviteUserInput!) { inviteUser(input: $i) { invitation { id } } }', {
    i: { email: c.oldEmail, role: 'MEMBER' },
  });
  return { userId: user.id, ...left };
}

type Ask = <Data>(query: string, variables?: object) => Promise<Data>;

async function changeAccount(stage: Stage, c: Colleague, ask: Ask): Promise<void> {
  await ask('mutation ($i: UpdateUserInput!) { updateViewer(input: $i) @idempotent(key: "renamed") { user { id } } }', {
    i: { lastName: c.lastName, timeZone: 'Europe/Vienna', locale: 'DE' },
  });
  const change = 'mutation ($c: String!, $n: String!) { changeEmail(currentPassword: $c, newEmail: $n) { accepted } }';
  await ask(change, { c: STRONG, n: c.email });
  const { token } = await linkFor(stage, c.email);
  await ask('mutation ($t: String!) { confirmEmailChange(token: $t) { email } }', { t: token });
  await ask(change, { c: STRONG, n: c.wishedEmail });
  await ask('mutation ($i: CreateApiKeyInput!) { createApiKey(input: $i) { secret } }', {
    i: { name: c.keyName, scopes: ['contacts:read'], expiresAt: new Date(Date.now() + 86_400_000).toISOString() },
  });
}

async function work(c: Colleague, ask: Ask): Promise<Omit<Left, 'userId'>> {
  const { contact } = await ask<{ contact: { id: string } }>(
    'mutation { createContact(input: { lastName: "Customer" }) @idempotent(key: "made") { contact { id } } }',
  );
  const { deal } = await ask<{ deal: { id: string } }>(
    'mutation ($i: CreateDealInput!) { createDeal(input: $i) { deal { id } } }',
    {
      i: { title: `${c.firstName} ${c.maidenName}: licences`, contactId: contact.id, value: '1200' },
    },
  );
  const text = { subject: `Sent by ${c.email}`, description: `Regards, ${c.firstName} ${c.lastName}` };
  const { activity } = await ask<{ activity: { id: string } }>(
    'mutation ($i: CreateActivityInput!) { createActivity(input: $i) { activity { id } } }',
    { i: { type: 'NOTE', ...text, dealId: deal.id } },
  );
  const hold = 'mutation ($id: ID!, $why: String!) { placeLegalHold(contactId: $id, reason: $why) { __typename } }';
  // Holds are for those who manage the team.
  await ask(hold, { id: contact.id, why: `Asked by ${c.lastName}, ${c.firstName}` });
  await ask('mutation { createConsentPurpose(input: { key: "news", name: "News" }) { __typename } }');
  await ask('mutation ($id: ID!) { grantConsent(id: $id, input: { purpose: "news", channel: PHONE }) { __typename } }', {
    id: contact.id,
  });
  return { dealId: deal.id, activityId: activity.id, contactId: contact.id };
}
