import fc from 'fast-check';
import { ROLES, type Role } from '../src/caller.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage({ poolSize: 8 });
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

type Variables = Record<string, unknown>;

const send = (query: string, variables: Variables = {}, role: Role = 'OWNER'): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables });

async function done(query: string, variables: Variables = {}, role: Role = 'OWNER'): Promise<Answer['data']> {
  const { data, errors } = await send(query, variables, role);
  expect(errors).toBeUndefined();
  return data;
}

const STATE = `contact { id version updatedAt gdprConsent gdprConsentAt gdprConsentSource gdprConsentTextVersion }
  consent { id entry kind channel source proof lawfulBasis givenAt ipAddress text { label body } purpose { key } recordedBy { id } contact { id } }`;
const GRANT = `mutation ($id: ID!, $input: GrantConsentInput!) { grantConsent(id: $id, input: $input) { ${STATE} } }`;
const WITHDRAW = `mutation ($id: ID!, $input: WithdrawConsentInput!) { withdrawConsent(id: $id, input: $input) { ${STATE} } }`;

async function makePurpose(key: string, more: Variables = {}): Promise<string> {
  const { createConsentPurpose } = await done(
    'mutation ($input: CreateConsentPurposeInput!) { createConsentPurpose(input: $input) { consentPurpose { id } } }',
    { input: { key, name: key, ...more } },
  );
  return createConsentPurpose.consentPurpose.id as string;
}

async function addText(id: string, label: string): Promise<void> {
  const { addConsentText } = await done(
    'mutation ($id: ID!, $label: String!) { addConsentText(id: $id, input: { label: $label, body: "You agree." }) { consentPurpose { version texts { label } } } }',
    { id, label },
  );
  expect(addConsentText.consentPurpose.version).toBe(1);
}

const statusOf = async (id: string, purpose: string): Promise<string> =>
  (
    await done(
      'query ($id: ID!, $purpose: String!) { contact(id: $id, includeDeleted: WITH) { consentStatus(purpose: $purpose) } }',
      {
        id,
        purpose,
      },
    )
  ).contact.consentStatus as string;

const found = async (purpose: string, status: string): Promise<string[]> =>
  (
    await done('query ($consent: ConsentStatusFilter!) { contacts(filter: { consent: $consent }) { nodes { id } } }', {
      consent: { purpose, status },
    })
  ).contacts.nodes.map(({ id }: { id: string }) => id) as string[];

test('a consent is an entry with all that proves it, and the contact shows it without a new version', async () => {
  const id = await stage.world.contact(org);
  await addText(await makePurpose('newsletter'), 'v1');
  const before = (await done('query ($id: ID!) { contact(id: $id) { version updatedAt } }', { id })).contact;
  const evidence = { channel: 'WEB_FORM', source: 'https://example.com/form', proof: 'mail 4711' };
  const givenAt = '2025-03-01T09:00:00.000Z';
  const input = { purpose: 'newsletter', textVersion: 'v1', givenAt, ...evidence };
  const { contact, consent } = (await done(GRANT, { id, input })).grantConsent;
  expect(contact).toEqual({
    ...{ id, ...before, gdprConsent: true, gdprConsentAt: givenAt },
    ...{ gdprConsentSource: evidence.source, gdprConsentTextVersion: 'v1' },
  });
  expect(consent).toMatchObject({ ...evidence, entry: 1, kind: 'GRANTED', lawfulBasis: 'CONSENT', givenAt, contact: { id } });
  expect(consent).toMatchObject({ text: { label: 'v1', body: 'You agree.' }, purpose: { key: 'newsletter' } });
  expect(consent).toMatchObject({ recordedBy: { id: org.users.OWNER.id }, ipAddress: '127.0.0.1' });
  const { rows } = await stage.world.client.query(
    `SELECT action, entity_type, ip_address IS NOT NULL AS has_ip, changes ? 'proof' AS tells FROM audit_logs WHERE org_id = $1 AND entity_id = $2`,
    [org.id, consent.id],
  );
  expect(rows).toEqual([{ action: 'GRANT', entity_type: 'Consent', has_ip: true, tells: true }]);
});

test('withdrawing asks for nothing but the purpose, counts at once, and takes the evidence away', async () => {
  const [id, other] = [await stage.world.contact(org), await stage.world.contact(org)];
  await makePurpose('newsletter');
  for (const each of [id, other]) await done(GRANT, { id: each, input: { purpose: 'newsletter', source: 'Fair' } });
  expect((await found('newsletter', 'GRANTED')).sort()).toEqual([id, other].sort());
  const { contact, consent } = (await done(WITHDRAW, { id, input: { purpose: 'newsletter' } })).withdrawConsent;
  expect(contact).toMatchObject({ version: 1, gdprConsent: false, gdprConsentAt: null, gdprConsentSource: null });
  expect(consent).toMatchObject({ entry: 2, kind: 'WITHDRAWN', channel: 'OTHER' });
  expect(await found('newsletter', 'GRANTED')).toEqual([other]);
  expect(await found('newsletter', 'WITHDRAWN')).toEqual([id]);
  expect(await found('newsletter', 'NONE')).toEqual([]);
  const third = await stage.world.contact(org);
  expect(await found('newsletter', 'NONE')).toEqual([third]);
  for (const status of ['GRANTED', 'WITHDRAWN', 'NONE']) expect(await found('newsleter', status)).toEqual([]);
});

test('the ledger is a list under its contact, and single entries say less than the status', async () => {
  const id = await stage.world.contact(org);
  await makePurpose('newsletter');
  await makePurpose('calls', { isContacting: false, lawfulBasis: 'LEGITIMATE_INTERESTS' });
  await done(GRANT, { id, input: { purpose: 'newsletter' } });
  await done(WITHDRAW, { id, input: { purpose: 'calls' } });
  await done(WITHDRAW, { id, input: { purpose: 'newsletter' } });
  const { contact, contacts } = await done(
    `query ($id: ID!) {
      contact(id: $id) {
        consents(first: 2) { totalCount nodes { entry kind lawfulBasis } pageInfo { hasNextPage } }
        newsletter: consentStatus(purpose: "newsletter") calls: consentStatus(purpose: "calls")
      }
      contacts(filter: { consents: { some: { kind: { eq: GRANTED } } } }) { nodes { id } }
    }`,
    { id },
  );
  expect(contact.consents).toEqual({
    totalCount: 3,
    nodes: [
      { entry: 3, kind: 'WITHDRAWN', lawfulBasis: 'CONSENT' },
      { entry: 2, kind: 'WITHDRAWN', lawfulBasis: 'LEGITIMATE_INTERESTS' },
    ],
    pageInfo: { hasNextPage: true },
  });
  expect([contact.newsletter, contact.calls]).toEqual(['WITHDRAWN', 'WITHDRAWN']);
  expect(contacts.nodes).toEqual([{ id }]);
});

test('what was said before a withdrawal does not bring consent back, and nothing is said in the future', async () => {
  const id = await stage.world.contact(org);
  await makePurpose('newsletter');
  const at = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
  await done(WITHDRAW, { id, input: { purpose: 'newsletter', givenAt: at(-2) } });
  for (const givenAt of [at(-3), at(1)]) {
    const { errors } = await send(GRANT, { id, input: { purpose: 'newsletter', givenAt } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ path: ['input', 'givenAt'] }] });
  }
  expect(await statusOf(id, 'newsletter')).toBe('WITHDRAWN');
  await done(GRANT, { id, input: { purpose: 'newsletter', givenAt: at(-1) } });
  expect(await statusOf(id, 'newsletter')).toBe('GRANTED');
});

test('a purpose that was deleted can be withdrawn from and not agreed to, also for a deleted contact; its key is gone for good', async () => {
  const id = await stage.world.contact(org);
  const purpose = await makePurpose('newsletter');
  await done(GRANT, { id, input: { purpose: 'newsletter' } });
  await done('mutation ($id: ID!) { deleteConsentPurpose(id: $id) { consentPurpose { deletedAt } } }', { id: purpose });
  const refused = await send(GRANT, { id, input: { purpose: 'newsletter' } });
  expect(refused.errors?.[0]?.extensions.fields?.[0]).toMatchObject({ path: ['input', 'purpose'], code: 'NOT_FOUND' });
  await done('mutation ($id: ID!) { deleteContact(id: $id) { contact { id } } }', { id });
  await done(WITHDRAW, { id, input: { purpose: 'newsletter' } });
  await done('mutation ($id: ID!) { restoreContact(id: $id) { contact { id } } }', { id });
  expect(await statusOf(id, 'newsletter')).toBe('WITHDRAWN');
  const again = await send(
    'mutation { createConsentPurpose(input: { key: "newsletter", name: "Again" }) { consentPurpose { id } } }',
  );
  expect(again.errors?.[0]?.extensions.fields?.[0]).toMatchObject({ path: ['input', 'key'], code: 'TAKEN' });
});

test('who may change a contact may grant and withdraw alike; purposes and texts are for administrators and owners', async () => {
  const purpose = await makePurpose('newsletter');
  const outcome = async (answer: Promise<Answer>): Promise<string> => (await answer).errors?.[0]?.extensions.code ?? 'done';
  const told: Record<string, string[]> = {};
  for (const role of ROLES) {
    const [own, colleagues] = [org.users[role].id, org.users[role === 'MEMBER' ? 'ADMIN' : 'MEMBER'].id];
    const outcomes: string[] = [];
    for (const owner_id of [own, colleagues]) {
      const id = await stage.world.contact(org, { owner_id });
      for (const verb of [GRANT, WITHDRAW])
        outcomes.push(await outcome(send(verb, { id, input: { purpose: 'newsletter' } }, role)));
    }
    const text = { id: purpose, label: role };
    const add =
      'mutation ($id: ID!, $label: String!) { addConsentText(id: $id, input: { label: $label, body: "x" }) { consentPurpose { id } } }';
    told[role] = [...outcomes, await outcome(send(add, text, role))];
  }
  const [yes, no] = ['done', 'FORBIDDEN'];
  expect(told).toEqual({
    OWNER: [yes, yes, yes, yes, yes],
    ADMIN: [yes, yes, yes, yes, yes],
    MANAGER: [yes, yes, yes, yes, no],
    MEMBER: [yes, yes, no, no, no],
    VIEWER: [no, no, no, no, no],
  });
});

test("the server's role can neither change nor delete an entry, nor set what contacts show of it", async () => {
  const id = await stage.world.contact(org);
  await makePurpose('newsletter');
  await done(GRANT, { id, input: { purpose: 'newsletter' } });
  const app = await connect(stage.database.appUrl);
  try {
    for (const statement of [
      `UPDATE consents SET kind = 'GRANTED'`,
      'DELETE FROM consents',
      `UPDATE consent_texts SET body = 'Other'`,
      'DELETE FROM consent_texts',
      'DELETE FROM consent_purposes',
      'UPDATE contacts SET gdpr_consent = true',
      `UPDATE contacts SET gdpr_consent_source = 'x'`,
    ])
      await expect(app.query(statement)).rejects.toThrow(/permission denied/);
  } finally {
    await app.end();
  }
});

test('consents from before the ledger are its first entries, and can be withdrawn', async () => {
  const evidence = { gdpr_consent_at: '2025-02-01T10:00:00Z', gdpr_consent_source: 'Fair', gdpr_consent_text_version: 'v2' };
  const [id, without] = [await stage.world.contact(org, { gdpr_consent: true, ...evidence }), await stage.world.contact(org)];
  await stage.world.client.query('SELECT consents_from_contacts($1)', [[org.id]]);
  await stage.world.client.query('SELECT consents_from_contacts($1)', [[org.id]]);
  expect(await found('contact', 'GRANTED')).toEqual([id]);
  expect(await found('contact', 'NONE')).toEqual([without]);
  const { contact } = await done(
    'query ($id: ID!) { contact(id: $id) { gdprConsent consents { nodes { source givenAt recordedBy { id } text { label } } } } }',
    { id },
  );
  const entry = { source: 'Fair', givenAt: '2025-02-01T10:00:00.000Z', recordedBy: null, text: { label: 'v2' } };
  expect(contact).toEqual({ gdprConsent: true, consents: { nodes: [entry] } });
  const { withdrawConsent } = await done(WITHDRAW, { id, input: { purpose: 'contact' } });
  expect(withdrawConsent.contact).toMatchObject({ gdprConsent: false, gdprConsentSource: null });
});

/** What may happen to a contact, consents and everything that must not touch them. */
type Step = { verb: 'grant' | 'withdraw'; purpose: number } | { verb: 'update' | 'remove' | 'restore' | 'tag' };

const PURPOSES = ['newsletter', 'calls'] as const;
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ verb: fc.constantFrom('grant', 'withdraw'), purpose: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constantFrom('update', 'remove', 'restore', 'tag') }) },
);

test('whatever happens at once, status, filter and contact say what the last entry says; only a grant ends a withdrawal', async () => {
  await makePurpose('newsletter');
  await makePurpose('calls', { isContacting: false });
  const take = (id: string, { verb, ...more }: Step): Promise<Answer> => {
    const purpose = PURPOSES['purpose' in more ? more.purpose : 0];
    if (verb === 'grant') return send(GRANT, { id, input: { purpose, givenAt: undefined } });
    if (verb === 'withdraw') return send(WITHDRAW, { id, input: { purpose } });
    const document = {
      update: 'updateContact(id: $id, input: { firstName: "Other" })',
      remove: 'deleteContact(id: $id)',
      restore: 'restoreContact(id: $id)',
      tag: 'tagContact(id: $id, input: { tags: ["x"] })',
    }[verb];
    return send(`mutation ($id: ID!) { ${document} { contact { id } } }`, { id });
  };
  const property = async (rounds: Step[][]): Promise<void> => {
    const id = await stage.world.contact(org);
    const expected: Record<string, string> = { newsletter: 'NONE', calls: 'NONE' };
    let entries = 0;
    for (const round of rounds) {
      const answers = await Promise.all(round.map((each) => take(id, each)));
      const added = answers.flatMap(({ data }) => {
        const { consent } = data?.grantConsent ?? data?.withdrawConsent ?? {};
        return consent ? [consent as { entry: number; kind: string; purpose: { key: string } }] : [];
      });
      for (const { kind, purpose } of added.sort((a, b) => a.entry - b.entry)) expected[purpose.key] = kind;
      entries += added.length;
      await done('mutation ($id: ID!) { restoreContact(id: $id) { contact { id } } }', { id });
      const { contact } = await done(
        `query ($id: ID!) { contact(id: $id) { gdprConsent gdprConsentAt version consents(first: 100) { totalCount nodes { entry } }
          newsletter: consentStatus(purpose: "newsletter") calls: consentStatus(purpose: "calls") } }`,
        { id },
      );
      expect(contact).toMatchObject(expected);
      expect([contact.gdprConsent, contact.gdprConsentAt !== null]).toEqual(Array(2).fill(expected['newsletter'] === 'GRANTED'));
      expect(contact.consents.nodes.map(({ entry }: { entry: number }) => entry)).toEqual(
        Array.from({ length: entries }, (_, index) => entries - index),
      );
      for (const purpose of PURPOSES)
        for (const status of ['GRANTED', 'WITHDRAWN', 'NONE'])
          expect([purpose, status, (await found(purpose, status)).includes(id)]).toEqual([
            purpose,
            status,
            expected[purpose] === status,
          ]);
    }
  };
  const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 });
  await fc.assert(fc.asyncProperty(rounds, property), { numRuns: 15 });
}, 30_000);
