import { openStage, type Answer, type Stage } from './support/app.js';
import type { Role } from '../src/caller.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
/** A colleague's records, none of which the member sees; and those the member sees. */
let hidden: { company: string; contact: string; deal: string; activity: string };
let seen: { company: string; contact: string; deal: string; activity: string; noted: string };

beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
  const colleague = org.users.MANAGER.id;
  const member = org.users.MEMBER.id;
  const records = async (owner_id: string | null, user_id: string, name: string): Promise<typeof hidden> => {
    const company = await stage.world.company(org, { owner_id, name });
    const contact = await stage.world.contact(org, { owner_id, company_id: company, last_name: name });
    const deal = await stage.world.deal(org, { owner_id, contact_id: contact, company_id: company, title: name, value: '10' });
    return {
      company,
      contact,
      deal,
      activity: await stage.world.activity(org, { owner_id: user_id, user_id, deal_id: deal, subject: name }),
    };
  };
  hidden = await records(colleague, colleague, 'Hidden');
  const own = await records(member, member, 'Own');
  await records(null, colleague, 'Nobody’s');
  const noted = await stage.world.activity(org, {
    owner_id: colleague,
    user_id: member,
    deal_id: hidden.deal,
    subject: 'Noted by the member',
  });
  seen = { ...own, noted };
});
afterAll(() => stage.close());

const show = (visibility: string): Promise<unknown> =>
  stage.world.client.query(`UPDATE organizations SET settings = jsonb_build_object('visibility', $1::text) WHERE id = $2`, [
    visibility,
    org.id,
  ]);
const send = (query: string, role: Role = 'MEMBER', variables: Record<string, unknown> = {}): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables });
const LISTS = `{ companies { totalCount nodes { name } } contacts { totalCount nodes { lastName } } deals { totalCount totals { count sum } nodes { title } } activities { totalCount nodes { subject } } }`;

test('where visibility is ORGANIZATION everybody sees all records', async () => {
  await show('ORGANIZATION');
  const { data } = await send(LISTS, 'VIEWER');
  expect([data.companies.totalCount, data.contacts.totalCount, data.deals.totalCount, data.activities.totalCount]).toEqual([
    3, 3, 3, 4,
  ]);
});

describe('where visibility is OWNER', () => {
  beforeAll(() => show('OWNER'));

  test('members see their own records, nobody’s, and activities they wrote, have to do, or whose contact or deal they see', async () => {
    const { data, errors } = await send(LISTS);
    expect(errors).toBeUndefined();
    expect(data.companies.nodes.map((row: { name: string }) => row.name).sort()).toEqual(['Nobody’s', 'Own']);
    expect(data.contacts.nodes.map((row: { lastName: string }) => row.lastName).sort()).toEqual(['Nobody’s', 'Own']);
    expect(data.deals.nodes.map((row: { title: string }) => row.title).sort()).toEqual(['Nobody’s', 'Own']);
    expect(data.activities.nodes.map((row: { subject: string }) => row.subject).sort()).toEqual([
      'Nobody’s',
      'Noted by the member',
      'Own',
    ]);
    expect(data.deals).toMatchObject({ totalCount: 2, totals: [{ count: 2, sum: '20.00' }] });
    expect(data.activities.totalCount).toBe(3);
  });

  test('a viewer who owns nothing sees what is nobody’s; managers and above see all', async () => {
    expect((await send(LISTS, 'VIEWER')).data.deals.totalCount).toBe(1);
    for (const role of ['MANAGER', 'ADMIN', 'OWNER'] as const) expect((await send(LISTS, role)).data.deals.totalCount).toBe(3);
  });

  test('what is hidden is answered as if it did not exist: alone, nested, by filter and through relations', async () => {
    const ids = { d: hidden.deal, c: hidden.contact, o: hidden.company, a: hidden.activity, n: seen.noted };
    const { data } = await send(
      `query ($d: ID!, $c: ID!, $o: ID!, $a: ID!, $n: ID!) {
        deal(id: $d, includeDeleted: WITH) { id } contact(id: $c) { id } company(id: $o) { id } activity(id: $a) { id }
        noted: activity(id: $n) { id deal { id } }
        listed: activities(filter: { id: { eq: $n } }) { nodes { deal { id title } } edges { node { deal { contact { id } } } } }
        deals(filter: { id: { in: [$d] } }) { totalCount nodes { id } } byContact: deals(filter: { contactId: { eq: $c } }) { totalCount }
        pipelines { nodes { deals { totalCount } stages { deals { totalCount totals { count } } } } }
        users(filter: { role: { eq: MANAGER } }) { nodes { deals { totalCount nodes { id } } contacts { totalCount } activities { nodes { id } } } }
        organization { deals { totalCount } }
      }`,
      'MEMBER',
      ids,
    );
    expect(data).toMatchObject({
      deal: null,
      contact: null,
      company: null,
      activity: null,
      noted: { id: seen.noted, deal: null },
      listed: { nodes: [{ deal: null }], edges: [{ node: { deal: null } }] },
      deals: { totalCount: 0, nodes: [] },
      byContact: { totalCount: 0 },
      pipelines: {
        nodes: [
          {
            deals: { totalCount: 2 },
            stages: [
              { deals: { totalCount: 2, totals: [{ count: 2 }] } },
              { deals: { totalCount: 0 } },
              { deals: { totalCount: 0 } },
            ],
          },
        ],
      },
      organization: { deals: { totalCount: 2 } },
    });
    const [manager] = data.users.nodes;
    expect(manager.deals).toEqual({ totalCount: 0, nodes: [] });
    expect(manager.contacts.totalCount).toBe(0);
    expect(manager.activities.nodes).toContainEqual({ id: seen.noted });
    expect(manager.activities.nodes.map((row: { id: string }) => row.id)).not.toContain(hidden.activity);
  });

  test('what is hidden can be neither changed nor referred to, and is told apart from nothing', async () => {
    const nowhere = '00000000-0000-7000-8000-000000000001';
    const attempts: [string, string][] = [
      ['updateDeal(id: $id, input: { title: "x" }) { deal { id } }', hidden.deal],
      ['moveDeal(id: $id, input: { stageId: $s }) { deal { id } }', hidden.deal],
      ['deleteContact(id: $id) { contact { id } }', hidden.contact],
      ['restoreCompany(id: $id) { company { id } }', hidden.company],
      ['completeActivity(id: $id) { activity { id } }', hidden.activity],
      ['createDeal(input: { title: "x", contactId: $id }) { deal { id } }', hidden.contact],
      ['createActivity(input: { type: NOTE, subject: "x", dealId: $id }) { activity { id } }', hidden.deal],
      ['createDeal(input: { title: "x", place: { before: $id } }) { deal { id } }', hidden.deal],
      ['updateContact(id: "SEEN", input: { companyId: $id }) { contact { id } }'.replace('SEEN', seen.contact), hidden.company],
    ];
    for (const [field, id] of attempts) {
      const query = `mutation ($id: ID!${field.includes('$s') ? ', $s: ID!' : ''}) { ${field} }`;
      const gist = async (of: string): Promise<string> =>
        (await send(query, 'MEMBER', { id: of, ...(field.includes('$s') && { s: org.stageIds[0] }) })).body.replace(
          /"requestId":"[^"]+"/g,
          '',
        );
      const answer = await gist(id);
      expect([field, answer]).toEqual([field, await gist(nowhere)]);
      expect(answer).toMatch(/"code":"(NOT_FOUND|INVALID_INPUT)"/);
    }
  });

  test('a filter does not find by a reference that reads null', async () => {
    const own = await stage.world.deal(org, {
      owner_id: org.users.MEMBER.id,
      contact_id: hidden.contact,
      title: 'With a hidden contact',
    });
    const find = async (filter: object): Promise<string[]> =>
      (
        await send('query ($f: DealFilter) { deals(filter: $f) { nodes { id } } }', 'MEMBER', {
          f: { and: [{ id: { eq: own } }, filter] },
        })
      ).data.deals.nodes.map((row: { id: string }) => row.id);
    expect(await find({ contactId: { eq: hidden.contact } })).toEqual([]);
    expect(await find({ contactId: { in: [hidden.contact, seen.contact] } })).toEqual([]);
    expect(await find({ contactId: { isNull: false } })).toEqual([]);
    expect(await find({ contactId: { isNull: true } })).toEqual([own]);
    expect(await find({ not: { contactId: { eq: hidden.contact } } })).toEqual([own]);
    await stage.world.client.query('UPDATE deals SET contact_id = $1 WHERE id = $2', [seen.contact, own]);
    expect(await find({ contactId: { eq: seen.contact } })).toEqual([own]);
    await stage.world.client.query('DELETE FROM deals WHERE id = $1', [own]);
  });

  test('a search finds no hidden record, by no word of it, and no text of one', async () => {
    await stage.world.client.query(
      `UPDATE contacts SET phone = '+49 30 112233', phone_e164 = '+4930112233', phone_digits = '030112233', email = 'secretive@hidden.example' WHERE id = $1`,
      [hidden.contact],
    );
    await stage.world.client.query(`UPDATE activities SET description = 'A whispering gallery' WHERE id = ANY ($1)`, [
      [hidden.activity, seen.noted],
    ]);
    const SEARCH =
      'query ($q: String!) { search(query: $q) { edges { snippet { text } } nodes { id } pageInfo { hasNextPage } } }';
    const find = async (q: string, role: Role = 'MEMBER'): Promise<string[]> => {
      const { data, errors } = await send(SEARCH, role, { q });
      expect(errors).toBeUndefined();
      expect(data.search.pageInfo.hasNextPage).toBe(false);
      return data.search.nodes.map((node: { id: string }) => node.id).sort();
    };
    for (const q of ['hidden', 'h', 'hiden', 'secretive', '112233']) expect([q, await find(q)]).toEqual([q, []]);
    expect(await find('whispers')).toEqual([seen.noted]);
    expect(await find('whisp')).toEqual([seen.noted]);
    expect(await find('own')).toEqual([seen.company, seen.contact, seen.deal, seen.activity].sort());
    expect(await find('hidden', 'MANAGER')).toEqual([hidden.company, hidden.contact, hidden.deal, hidden.activity].sort());
    expect(await find('112233', 'MANAGER')).toEqual([hidden.contact]);
    expect(await find('whispers', 'MANAGER')).toEqual([hidden.activity, seen.noted].sort());
  });

  test('a setting that this version does not know hides rather than shows', async () => {
    await show('TEAM');
    expect((await send('{ companies { totalCount } }')).data.companies.totalCount).toBe(2);
    await show('OWNER');
  });

  test('handing a record over takes it out of sight: the payload is null, the change is made', async () => {
    const deal = await stage.world.deal(org, { owner_id: org.users.MEMBER.id, title: 'Given away' });
    const { data, errors } = await send(
      'mutation ($id: ID!, $to: ID!) { updateDeal(id: $id, input: { ownerId: $to }) { deal { id } } }',
      'MEMBER',
      { id: deal, to: org.users.ADMIN.id },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({ updateDeal: { deal: null } });
    const { rows } = await stage.world.client.query('SELECT owner_id FROM deals WHERE id = $1', [deal]);
    expect(rows).toEqual([{ owner_id: org.users.ADMIN.id }]);
  });

  test('the setting is felt with the next request', async () => {
    await show('ORGANIZATION');
    expect((await send('{ companies { totalCount } }')).data.companies.totalCount).toBe(3);
    await show('OWNER');
    expect((await send('{ companies { totalCount } }')).data.companies.totalCount).toBe(2);
  });
});
