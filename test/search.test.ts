import type { Role } from '../src/caller.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
let ids: Record<string, string>;

const SEARCH = `query ($q: String!, $types: [SearchType!], $first: Int, $after: String) {
  search(query: $q, types: $types, first: $first, after: $after) {
    edges { cursor matchedField score snippet { text parts { text isMatch } } node { __typename id displayName } }
    nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

interface Hit {
  cursor: string;
  matchedField: string;
  score: number;
  snippet: { text: string; parts: { text: string; isMatch: boolean }[] };
  node: { __typename: string; id: string; displayName: string };
}

const ask = (q: string, more: Record<string, unknown> = {}, role: Role = 'MEMBER', of = org): Promise<Answer> =>
  stage.send(SEARCH, { token: stage.tokenOf(of, role), variables: { q, ...more } });
const find = async (q: string, more: Record<string, unknown> = {}, role: Role = 'MEMBER'): Promise<Hit[]> => {
  const { data, errors } = await ask(q, more, role);
  expect(errors).toBeUndefined();
  return data.search.edges as Hit[];
};
const names = async (q: string, more: Record<string, unknown> = {}): Promise<string[]> =>
  (await find(q, more)).map((hit) => hit.node.displayName);
const marked = (hit: Hit | undefined): string =>
  (hit?.snippet.parts ?? []).map((part) => (part.isMatch ? `⟪${part.text}⟫` : part.text)).join('');

beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
  const { world } = stage;
  ids = {
    anna: await world.contact(org, {
      first_name: 'Anna',
      last_name: 'Müller',
      email: 'a.mueller@nordwind.example',
      phone: '+49 30 901820',
      phone_e164: '+4930901820',
      phone_digits: '030901820',
    }),
    smith: await world.contact(org, { first_name: 'Anna', last_name: 'Smith', email: 'smith@blue-harbor.example' }),
    schmidt: await world.contact(org, { first_name: 'Jürgen', last_name: 'Schmidt' }),
    company: await world.company(org, { name: 'Nordwind Logistik GmbH', website: 'https://www.nordwind.example' }),
  };
  ids['deal'] = await world.deal(org, { title: 'Wartungsvertrag 2026 – Nordwind', contact_id: ids['anna'] });
  ids['note'] = await world.activity(org, {
    subject: 'Rückruf',
    description: 'Der Kunde hat die Verträge geprüft und möchte weitere Häuser in das Angebot aufnehmen.',
    contact_id: ids['anna'],
  });
  ids['english'] = await world.activity(org, {
    subject: 'Discussed the deliveries',
    description: 'Shipping was delayed',
    contact_id: ids['smith'],
  });
});
afterAll(() => stage.close());

describe('what is found', () => {
  test('names, from the first letter on, in any order of words', async () => {
    expect(await names('a', { types: ['CONTACT'] })).toEqual(expect.arrayContaining(['Anna Müller', 'Anna Smith']));
    expect(await names('ann smi')).toEqual(['Anna Smith']);
    expect(await names('smith anna')).toEqual(['Anna Smith']);
    expect((await names('NORDWIND')).sort()).toEqual([
      'Anna Müller',
      'Nordwind Logistik GmbH',
      'Wartungsvertrag 2026 – Nordwind',
    ]);
  });

  test('accents and case do not matter, ue is ü', async () => {
    for (const q of ['müller', 'MULLER', 'mueller', 'Mu\u0308ller']) expect([q, await names(q)]).toEqual([q, ['Anna Müller']]);
    expect(await names('juergen')).toEqual(['Jürgen Schmidt']);
  });

  test('words that are spelt alike, when nothing is spelt so', async () => {
    for (const q of ['schmdt', 'Schmit', 'shcmidt', 'jürgn schmitd'])
      expect([q, await names(q)]).toEqual([q, ['Jürgen Schmidt']]);
    expect(await names('Nordwnd Logistk')).toEqual(['Nordwind Logistik GmbH']);
  });

  test('e-mail addresses, whole or in parts', async () => {
    const [hit] = await find('smith@blue-harbor.example');
    expect(hit).toMatchObject({ matchedField: 'EMAIL', node: { __typename: 'Contact', id: ids['smith'] } });
    expect(await names('blue-harb')).toEqual(['Anna Smith']);
    expect(marked((await find('harbor'))[0])).toBe('smith@blue-⟪harbor⟫.example');
  });

  test('phone numbers by any digits in a row, however they are written', async () => {
    for (const q of ['+49 30 901820', '030 901820', '0049 (30) 9018-20', '9018', '820'])
      expect([q, await names(q)]).toEqual([q, ['Anna Müller']]);
    expect((await find('901820'))[0]).toMatchObject({ matchedField: 'PHONE' });
  });

  test('notes by stems, German and English, and by the beginning of the last word', async () => {
    for (const q of ['Vertrag', 'Haus Angebote', 'geprüfte Verträge', 'angeb', 'ruckruf']) {
      const hits = await find(q, { types: ['ACTIVITY'] });
      expect([q, hits.map((hit) => hit.node.id)]).toEqual([q, [ids['note']]]);
    }
    expect((await find('delivery discussing'))[0]).toMatchObject({ matchedField: 'SUBJECT', node: { id: ids['english'] } });
    expect((await find('shipped delay'))[0]).toMatchObject({ matchedField: 'DESCRIPTION', node: { id: ids['english'] } });
    expect(marked((await find('Haus'))[0])).toContain('weitere ⟪Häuser⟫ in');
  });

  test('names of any script, by what they are and by their beginnings', async () => {
    const other = await stage.world.organization();
    const scripts = [
      ...[
        'Ærøskøbing',
        'Łukaszewicz',
        'Straßenbauer',
        'Đorđević',
        'İstanbullu',
        'Çağrı',
        "O’Neill-D'Arcy",
        'Nguyễn Thị',
        'Šimůnek',
      ],
      ...[
        'Παπαδόπουλος',
        'Ковалёв',
        'Ђорђевић',
        '田中太郎',
        '김철수',
        'محمود',
        'कुमारी',
        'ﬁnlayson',
        'Ａｄａ',
        'e\u0301clair',
        'Größe2000',
      ],
    ];
    for (const last_name of scripts) await stage.world.contact(other, { first_name: '', last_name });
    const missed: string[] = [];
    for (const name of scripts) {
      for (const q of [name, name.toUpperCase(), name.normalize('NFD'), [...name.normalize('NFC')].slice(0, 2).join('')]) {
        const { data, errors } = await ask(q, {}, 'MEMBER', other);
        expect(errors).toBeUndefined();
        const found = data.search.edges.map((hit: Hit) => hit.node.displayName);
        if (!found.includes(name)) missed.push(`${name} by ${q}`);
      }
    }
    expect(missed).toEqual([]);
  });

  test('texts come as they are, with the matched words apart', async () => {
    const text = '<b>Quartz</b> & "⟪so on⟫" ${7*7}';
    await stage.world.deal(org, { title: text });
    const [hit] = await find('quartz');
    expect(hit?.snippet.text).toBe(text);
    expect(hit?.snippet.parts.map((part) => part.text).join('')).toBe(text);
    expect(hit?.snippet.parts.filter((part) => part.isMatch)).toEqual([{ text: 'Quartz', isMatch: true }]);
  });

  test('a long text is cut around the match', async () => {
    const description = `${'word '.repeat(200)}zeppelin ${'😀'.repeat(300)}`;
    await stage.world.activity(org, { subject: 'Long', description });
    const [hit] = await find('zeppelin');
    expect(hit?.snippet.text.length).toBeLessThanOrEqual(200);
    expect(hit?.snippet.parts).toContainEqual({ text: 'zeppelin', isMatch: true });
  });

  test('only the types asked for; none for an empty list, a blank or mere punctuation', async () => {
    expect((await find('nordwind', { types: ['DEAL', 'COMPANY'] })).map((hit) => hit.node.__typename).sort()).toEqual([
      'Company',
      'Deal',
    ]);
    for (const [q, types] of [
      ['nordwind', []],
      ['', null],
      ['  ', null],
      ['%', null],
      ["' -- \u0000", null],
      ['½', null],
    ] as const)
      expect([q, await find(q, { types })]).toEqual([q, []]);
  });

  test('a text that is too long is refused', async () => {
    const { errors, data } = await ask('x'.repeat(201));
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ path: ['query'] }] });
    expect(data).toEqual({ search: null });
  });

  test('whole words come before beginnings, names before addresses, subjects before descriptions', async () => {
    const { world } = stage;
    const other = await world.organization();
    const [whole, beginning, address] = [
      await world.contact(other, { last_name: 'Holm' }),
      await world.contact(other, { last_name: 'Holmgren' }),
      await world.contact(other, { last_name: 'Berg', email: 'x@holm.example' }),
    ];
    const [subject, description] = [
      await world.activity(other, { subject: 'Holm', contact_id: address }),
      await world.activity(other, { subject: 'x', description: 'met Holm', contact_id: address }),
    ];
    const { data } = await ask('holm', {}, 'MEMBER', other);
    expect(data.search.nodes.map((node: { id: string }) => node.id)).toEqual([whole, address, beginning, subject, description]);
    const scores = data.search.edges.map((hit: Hit) => hit.score);
    expect(scores).toEqual([...scores].sort((a: number, b: number) => b - a));
  });
});

describe('what changes', () => {
  const write = async (mutation: string, variables: Record<string, unknown> = {}): Promise<Answer> => {
    const answer = await stage.send(mutation, { token: stage.tokenOf(org, 'ADMIN'), variables });
    expect(answer.errors).toBeUndefined();
    return answer;
  };

  test('is found at once under its new name and no longer under the old one, and gone once deleted', async () => {
    const { data } = await write(
      'mutation { createContact(input: { lastName: "Quillfeather", phone: "+49 40 777123" }) { contact { id } } }',
    );
    const { id } = data.createContact.contact;
    expect(await names('quillf')).toEqual(['Quillfeather']);
    expect(await names('040 777 123')).toEqual(['Quillfeather']);
    await write('mutation ($id: ID!) { updateContact(id: $id, input: { lastName: "Ravenscroft" }) { contact { id } } }', { id });
    expect(await names('quillfeather')).toEqual([]);
    expect(await names('ravensc')).toEqual(['Ravenscroft']);
    await write('mutation ($id: ID!) { deleteContact(id: $id) { contact { id } } }', { id });
    expect(await names('ravenscroft')).toEqual([]);
    await write('mutation ($id: ID!) { restoreContact(id: $id) { contact { id } } }', { id });
    expect(await names('ravnscroft')).toEqual(['Ravenscroft']);
  });

  test('a note too', async () => {
    const { data } = await write(
      'mutation ($c: ID!) { createActivity(input: { type: NOTE, subject: "Zirkelkasten", contactId: $c }) { activity { id } } }',
      { c: ids['anna'] },
    );
    const { id } = data.createActivity.activity;
    expect(await names('zirkelkästen')).toEqual(['Zirkelkasten']);
    await write(
      'mutation ($id: ID!) { updateActivity(id: $id, input: { subject: "Plain", description: "Bernsteinzimmer" }) { activity { id } } }',
      { id },
    );
    expect(await names('zirkelkasten')).toEqual([]);
    expect(await names('bernsteinzimmer')).toEqual(['Plain']);
    await write('mutation ($id: ID!) { deleteActivity(id: $id) { activity { id } } }', { id });
    expect(await names('bernsteinzimmer')).toEqual([]);
  });

  test('leaves no word behind once a record is gone for good', async () => {
    const contact = await stage.world.contact(org, {
      first_name: 'Xylander',
      last_name: 'Anna',
      email: 'xylander@ypsilon.example',
    });
    const { client } = stage.world;
    const left = async (): Promise<string[]> =>
      (
        await client.query<{ word: string }>(
          `SELECT word FROM search_terms WHERE org_id = $1 AND word IN ('xylander', 'ypsilon', 'anna') ORDER BY 1`,
          [org.id],
        )
      ).rows.map((row) => row.word);
    expect(await left()).toEqual(['anna', 'xylander', 'ypsilon']);
    await client.query('DELETE FROM contacts WHERE id = $1', [contact]);
    expect(await left()).toEqual(['anna']);
    expect((await client.query('SELECT FROM search_words WHERE record_id = $1', [contact])).rowCount).toBe(0);
  });
});

describe('pages', () => {
  test('put together are the list, with exact flags', async () => {
    const other = await stage.world.organization();
    for (let index = 0; index < 23; index += 1)
      await stage.world.contact(other, { first_name: index % 2 ? 'Tilda' : 'Tildamaria', last_name: `L${index}` });
    const all = (await ask('tilda', { first: 100 }, 'MEMBER', other)).data.search;
    expect(all.nodes).toHaveLength(23);
    expect(all.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
    const walked: string[] = [];
    for (let after: string | null = null; ;) {
      const { data } = await ask('tilda', { first: 4, after }, 'MEMBER', other);
      walked.push(...data.search.nodes.map((node: { id: string }) => node.id));
      expect(data.search.pageInfo.hasPreviousPage).toBe(after !== null);
      if (!data.search.pageInfo.hasNextPage) break;
      after = data.search.pageInfo.endCursor as string;
    }
    expect(walked).toEqual(all.nodes.map((node: { id: string }) => node.id));
    const { errors } = await ask('tildamaria', { after: all.pageInfo.startCursor }, 'MEMBER', other);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ code: 'BAD_CURSOR' }] });
  });
});
