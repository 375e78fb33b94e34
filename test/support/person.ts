import { randomUUID } from 'node:crypto';

/** Words of somebody's own, by what they say. */
export type Person = Record<string, string>;

/** A person whom everything that can be said of a person is said of, each in words of its own. */
export function person(): Person {
  const word = (name: string): string => `zq${name}${randomUUID().replaceAll('-', '').slice(0, 10)}`;
  const number = String(Math.floor(Math.random() * 9_000_000) + 1_000_000);
  return {
    firstName: word('first'),
    lastName: word('last'),
    maidenName: word('maiden'),
    email: `${word('mail')}@example.com`,
    oldEmail: `${word('old')}@example.com`,
    phone: `+49 30 ${number}`,
    jobTitle: word('job'),
    tag: word('tag'),
    note: word('note'),
    description: word('text'),
    custom: word('custom'),
    hold: word('hold'),
    source: word('source'),
    proof: word('proof'),
  };
}

/** What a dump or an export tells of them: every word, and the phone number as it is written and as it is dialled. */
export function tokensOf(p: Person): string[] {
  return Object.values(p).flatMap((value) => (value.startsWith('+') ? [value, value.replace(/\D/g, '').slice(2)] : [value]));
}

type Ask = <Data>(query: string, variables?: object) => Promise<Data>;

/** Says all of it, through the front door. */
export async function seedPerson(ask: Ask, p: Person): Promise<{ contactId: string; dealId: string }> {
  const label = { entity: 'CONTACT', type: 'TEXT', label: 'Pet', key: 'pet', isSortable: true };
  const onDeals = { entity: 'DEAL', type: 'TEXT', label: 'For', key: 'for', isSortable: true };
  const define = 'mutation ($i: CreateCustomFieldInput!) { createCustomField(input: $i) { customField { id } } }';
  for (const field of [label, onDeals]) await ask(define, { i: field });
  const { contact } = await ask<{ contact: { id: string } }>(
    `mutation ($i: CreateContactInput!) { createContact(input: $i) @idempotent(key: "k") { contact { id } } }`,
    {
      i: {
        ...{
          firstName: p['firstName'],
          lastName: p['maidenName'],
          email: p['oldEmail'],
          phone: p['phone'],
          jobTitle: p['jobTitle'],
        },
        tags: [p['tag']],
        customFields: { pet: p['custom'] },
      },
    },
  );
  const update = 'mutation ($id: ID!, $i: UpdateContactInput!) { updateContact(id: $id, input: $i) { contact { id } } }';
  await ask(update, { id: contact.id, i: { lastName: p['lastName'], email: p['email'] } });
  await ask(update, { id: contact.id, i: { jobTitle: `head ${p['jobTitle']}` } });
  const { deal } = await ask<{ deal: { id: string } }>(
    'mutation ($i: CreateDealInput!) { createDeal(input: $i) { deal { id } } }',
    {
      i: {
        title: `Licence for ${p['firstName']} ${p['maidenName']}`,
        contactId: contact.id,
        value: '1200',
        customFields: { for: p['lastName'] },
      },
    },
  );
  const note = 'mutation ($i: CreateActivityInput!) { createActivity(input: $i) { activity { id } } }';
  await ask(note, { i: { type: 'NOTE', subject: p['note'], description: p['description'], contactId: contact.id } });
  await ask(note, {
    i: { type: 'CALL', subject: `Rang ${p['email']}`, description: `${p['lastName']}s wish`, dealId: deal.id },
  });
  await ask('mutation ($i: InviteUserInput!) { inviteUser(input: $i) { invitation { id } } }', {
    i: { email: p['email'], role: 'MEMBER' },
  });
  const { legalHold } = await ask<{ legalHold: { id: string } }>(
    'mutation ($id: ID!, $why: String!) { placeLegalHold(contactId: $id, reason: $why) { legalHold { id } } }',
    { id: contact.id, why: p['hold'] },
  );
  await ask('mutation ($id: ID!) { releaseLegalHold(id: $id) { legalHold { id } } }', { id: legalHold.id });
  await ask(
    'mutation { createConsentPurpose(input: { key: "news", name: "News", lawfulBasis: CONSENT, isContacting: true }) { consentPurpose { id } } }',
  );
  await ask('mutation ($id: ID!, $i: GrantConsentInput!) { grantConsent(id: $id, input: $i) { __typename } }', {
    id: contact.id,
    i: { purpose: 'news', channel: 'EMAIL', source: p['source'], proof: p['proof'] },
  });
  await ask('mutation ($i: WinDealInput!, $id: ID!) { winDeal(id: $id, input: $i) { deal { id } } }', {
    id: deal.id,
    i: { reason: `Liked ${p['firstName']}`, note: `Ask ${p['firstName']} again` },
  });
  return { contactId: contact.id, dealId: deal.id };
}
