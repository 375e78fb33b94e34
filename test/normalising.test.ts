import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;

beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const send = (query: string, variables: Record<string, unknown> = {}): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, 'OWNER'), variables });

async function make(input: Record<string, unknown>): Promise<Record<string, string | null>> {
  const { data, errors } = await send(
    'mutation ($input: CreateContactInput!) { createContact(input: $input) { contact { id version email phone phoneE164 } } }',
    { input: { lastName: 'Meier', ...input } },
  );
  expect(errors).toBeUndefined();
  return data.createContact.contact as Record<string, string | null>;
}

async function found(filter: Record<string, unknown>): Promise<string[]> {
  const { data, errors } = await send(
    'query ($filter: ContactFilter) { contacts(filter: $filter, orderBy: { createdAt: ASC }) { nodes { id } } }',
    { filter },
  );
  expect(errors).toBeUndefined();
  return (data.contacts.nodes as { id: string }[]).map(({ id }) => id);
}

const settle = (settings: object): Promise<unknown> =>
  stage.world.client.query('UPDATE organizations SET settings = $2 WHERE id = $1', [org.id, settings]);

test.each([
  ['  Anna.Meier@Example.COM ', 'anna.meier@example.com'],
  ['anna@MÜLLER.example', 'anna@müller.example'],
  ['anna@XN--mller-kva.example', 'anna@müller.example'],
  ['ÄNNE@example.com', 'änne@example.com'],
])('the e-mail address %s is kept as %s and found however it is written', async (typed, kept) => {
  const { id, email } = await make({ email: typed });
  expect(email).toBe(kept);
  for (const written of [typed, kept, kept.toUpperCase()]) {
    expect(await found({ email: { eq: written } })).toEqual([id]);
    expect(await found({ email: { in: ['nobody@example.com', written] } })).toEqual([id]);
  }
  expect(await found({ email: { contains: kept.slice(1, 6).toUpperCase() } })).toEqual([id]);
});

test('two contacts may share an e-mail address, and a wrong one is refused', async () => {
  const [one, two] = [await make({ email: 'info@example.com' }), await make({ email: 'INFO@example.com' })];
  expect(await found({ email: { eq: 'Info@Example.com' } })).toEqual([one.id, two.id]);
  for (const email of ['anna', 'anna @example.com', '@', 'anna@', '  ']) {
    const { errors } = await send('mutation ($input: CreateContactInput!) { createContact(input: $input) { contact { id } } }', {
      input: { lastName: 'Meier', email },
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ path: ['input', 'email'] }] });
  }
});

const NOTATIONS = ['+49 30 1234567', '0049 30 1234567', '+49 (0)30 123 45-67', '030 1234567', '(030) 123/4567', '+49301234567'];

test.each(NOTATIONS)('the German number %s is kept as typed, dialled as E.164, and found in every notation', async (typed) => {
  await settle({ locale: 'DE' });
  const { id, phone, phoneE164 } = await make({ phone: ` ${typed} ` });
  expect([phone, phoneE164]).toEqual([typed, '+49301234567']);
  for (const written of NOTATIONS) {
    expect(await found({ phone: { eq: written } })).toEqual([id]);
    expect(await found({ phone: { in: ['+43 1 9999999', written] } })).toEqual([id]);
  }
  for (const part of ['123 45', '12345', '+49 30', '030/12', typed.slice(2, 9)])
    expect(await found({ phone: { contains: part } })).toEqual([id]);
  expect(await found({ phone: { eq: '+43 30 1234567' } })).toEqual([]);
});

test.each([
  [{}, null],
  [{ locale: 'DE' }, '+492079460123'],
  [{ locale: 'DE', country: 'GB' }, '+442079460123'],
  [{ country: null }, null],
  [{ country: 'XX' }, null],
])('a number without a country code belongs to the organization’s country: %j', async (settings, e164) => {
  await settle(settings);
  expect((await make({ phone: '020 7946 0123' })).phoneE164).toBe(e164);
});

test.each(['Zentrale, Frau Meier', '030 1234567 (nur vormittags)', '12', '+49 30 1234567 / +49 171 1234567', '+++', '☎️'])(
  'what is no number is not lost: %s',
  async (typed) => {
    const { id, phone, phoneE164 } = await make({ phone: typed });
    expect([phone, phoneE164]).toEqual([typed, null]);
    expect(await found({ phone: { eq: typed } })).toEqual([id]);
  },
);

test('companies’ numbers are kept and found the same way, and follow when they are edited or cleared', async () => {
  await settle({ country: 'DE' });
  const made = await send(`mutation { createCompany(input: { name: "A", phone: "030 1234567" }) { company { id phoneE164 } } }`);
  const { id, phoneE164 } = made.data.createCompany.company as { id: string; phoneE164: string };
  expect(phoneE164).toBe('+49301234567');
  const change = (phone: string | null): Promise<Answer> =>
    send(
      'mutation ($id: ID!, $phone: String) { updateCompany(id: $id, input: { phone: $phone }) { company { version phone phoneE164 } } }',
      {
        id,
        phone,
      },
    );
  expect((await change('0171 1234567')).data.updateCompany.company).toEqual({
    version: 2,
    phone: '0171 1234567',
    phoneE164: '+491711234567',
  });
  const by = await send(`{ companies(filter: { phone: { eq: "+49 171 1234567" } }) { nodes { id } } }`);
  expect(by.data.companies.nodes).toEqual([{ id }]);
  for (const empty of [null, '  '])
    expect((await change(empty)).data.updateCompany.company).toEqual({ version: 3, phone: null, phoneE164: null });
});

test('a change of a number is one fact about the number as it was typed', async () => {
  await settle({ country: 'DE' });
  const { id } = await make({ phone: '030 1234567' });
  await send('mutation ($id: ID!) { updateContact(id: $id, input: { phone: "030 765 43 21" }) { contact { id } } }', { id });
  const { rows } = await stage.world.client.query<{ field: string; before: string; after: string }>(
    `SELECT v.field, v.before, v.after FROM audit_logs AS a JOIN audit_values AS v ON v.org_id = a.org_id AND v.audit_id = a.id
      WHERE a.org_id = $1 AND a.entity_id = $2 AND a.action = 'UPDATE' AND v.field <> '@ip'`,
    [org.id, id],
  );
  expect(rows).toEqual([{ field: 'phone', before: '030 1234567', after: '030 765 43 21' }]);
});
